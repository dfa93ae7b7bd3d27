import { type ElementType, elementTree, type Member } from '../../src/fhir/elements.js'

export type ParameterKind = 'token' | 'date' | 'reference' | 'string'

export interface SearchParameter {
  readonly kind: ParameterKind
  /** JSON keys from the root, each a way to values. */
  readonly paths: readonly (readonly string[])[]
  /** Only references to this type count. */
  readonly target?: string | undefined
}

/** Elements of parameters that are not named as an element is. Of several, those that the type has. */
const ELEMENTS: Readonly<Record<string, readonly string[]>> = {
  _id: ['id'],
  _lastUpdated: ['meta.lastUpdated'],
  _tag: ['meta.tag'],
  _security: ['meta.security'],
  _profile: ['meta.profile'],
  patient: ['patient', 'subject', 'beneficiary', 'for', 'individual', 'participant.actor', 'link.target'],
  encounter: ['encounter', 'context', 'context.encounter'],
  date: [
    'date',
    'effective',
    'performed',
    'occurrence',
    'period',
    'recordedDate',
    'started',
    'created',
    'recorded',
  ],
  code: ['code', 'medication'],
  family: ['name.family'],
  given: ['name.given'],
  phone: ['telecom'],
  email: ['telecom'],
  'address-city': ['address.city'],
  'address-state': ['address.state'],
  'address-postalcode': ['address.postalCode'],
  'death-date': ['deceased'],
  'onset-date': ['onset'],
  'effective-time': ['effective'],
  authored: ['authoredOn'],
  'value-concept': ['value'],
  'value-date': ['value'],
  'value-string': ['value'],
  organization: ['organization', 'managingOrganization'],
  location: ['location', 'location.location'],
  participant: ['participant', 'participant.individual', 'participant.member', 'participant.actor'],
  practitioner: ['practitioner', 'participant.individual', 'participant.actor'],
  actor: ['participant.actor', 'actor'],
  member: ['member.entity'],
  agent: ['agent.who'],
  entity: ['entity.what'],
  diagnosis: ['diagnosis.condition', 'diagnosis'],
  language: ['communication.language', 'language'],
}

/** Where an element has types of several kinds, the one that its parameter means. */
const MEANT: Readonly<Record<string, ParameterKind>> = {
  code: 'token',
  medication: 'reference',
  date: 'date',
  'death-date': 'date',
  'onset-date': 'date',
  'effective-time': 'date',
  'value-concept': 'token',
  'value-date': 'date',
  'value-string': 'string',
}

const KINDS: Readonly<Record<string, ParameterKind>> = {
  Reference: 'reference',
  CodeableConcept: 'token',
  Coding: 'token',
  Identifier: 'token',
  ContactPoint: 'token',
  code: 'token',
  id: 'token',
  boolean: 'token',
  uri: 'token',
  canonical: 'token',
  date: 'date',
  dateTime: 'date',
  instant: 'date',
  Period: 'date',
  string: 'string',
  markdown: 'string',
  HumanName: 'string',
  Address: 'string',
}

const known = new Map<string, SearchParameter | undefined>()

/** A search parameter of a type: its elements by name, their kind by the types that they have in R4. */
export function searchParameter(type: string, name: string): SearchParameter | undefined {
  const key = `${type}:${name}`
  if (!known.has(key)) known.set(key, made(type, name))
  return known.get(key)
}

function made(type: string, name: string): SearchParameter | undefined {
  const root = elementTree('R4').resources.get(type)
  if (root === undefined) return undefined
  const found = (ELEMENTS[name] ?? [name.replaceAll('-', '')]).flatMap((path) => ways(root, path.split('.')))
  const kind = MEANT[name] ?? found[0]?.kind
  if (kind === undefined || found.length === 0) return undefined
  const paths = found.filter((way) => way.kind === kind).map((way) => way.path)
  return { kind, paths, target: name === 'patient' ? 'Patient' : undefined }
}

/** The JSON keys that lead along element names, with the kind of what is there; a choice has a way for each type. */
function ways(
  from: ElementType,
  [name = '', ...rest]: readonly string[],
): readonly { readonly kind: ParameterKind; readonly path: readonly string[] }[] {
  return [...from.members.values()]
    .filter((member: Member) => member.name.toLowerCase() === name.toLowerCase())
    .flatMap((member) => {
      if (rest.length > 0)
        return ways(member.type, rest).map((way) => ({ ...way, path: [member.key, ...way.path] }))
      const kind = KINDS[member.type.name]
      return kind === undefined ? [] : [{ kind, path: [member.key] }]
    })
}
