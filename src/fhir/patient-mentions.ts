import { findStringMember, isKey, skipSpace, skipString, skipValue, stringText } from './json.js'

/** A reference in a resource, with what decides whose data the resource is. */
export interface Mention {
  readonly to: Target
  /** It stands in an element of FHIR's patient compartment, so the resource belongs to the patient. */
  readonly isCompartment: boolean
}

export type Target =
  | { readonly kind: 'resource'; readonly type: string; readonly id: string }
  /** A URN does not say the type of what it names. */
  | { readonly kind: 'urn'; readonly id: string }
  /** A patient that cannot be told: a contained one, one by identifier or by search, an address that is not understood. */
  | { readonly kind: 'hidden-patient' }

/** Where any type of resource names its patient. */
const COMMON = 'patient subject beneficiary individual for candidate deliverFor'

/** What the patient compartment of a type has besides (FHIR STU3, R4 and R5, CompartmentDefinition/patient). */
const BY_TYPE: Readonly<Record<string, string>> = {
  AllergyIntolerance: 'recorder asserter participant.actor',
  Appointment: 'participant.actor',
  AppointmentResponse: 'actor',
  AuditEvent: 'agent.who agent.reference entity.what entity.reference',
  Basic: 'author',
  CarePlan: 'activity.detail.performer',
  CareTeam: 'participant.member',
  Claim: 'payee.party',
  Communication: 'sender recipient',
  CommunicationRequest: 'sender recipient requester informationProvider',
  Composition: 'author attester.party',
  Condition: 'asserter participant.actor',
  Coverage: 'subscriber policyHolder payor paymentBy.party',
  DeviceRequest: 'performer',
  DocumentManifest: 'author recipient',
  DocumentReference: 'author',
  ExplanationOfBenefit: 'payee.party',
  Group: 'member.entity',
  Invoice: 'recipient',
  List: 'source',
  MedicationAdministration: 'performer.actor',
  MedicationDispense: 'receiver',
  Observation: 'performer',
  Patient: 'link.other',
  Person: 'link.target',
  Procedure: 'performer.actor',
  ProcedureRequest: 'performer',
  Provenance: 'target',
  QuestionnaireResponse: 'author source',
  RequestGroup: 'action.participant',
  RequestOrchestration: 'action.participant.actorReference',
  Schedule: 'actor',
  ServiceRequest: 'performer',
  SupplyRequest: 'deliverTo',
}

interface PathTree {
  readonly isEnd: boolean
  readonly below: ReadonlyMap<string, PathTree>
}

const treeOf = (paths: readonly (readonly string[])[]): PathTree => {
  const heads = new Set(paths.flatMap(([head]) => head ?? []))
  return {
    isEnd: paths.some((path) => path.length === 0),
    below: new Map(
      [...heads].map((head) => [
        head,
        treeOf(paths.filter((path) => path[0] === head).map((path) => path.slice(1))),
      ]),
    ),
  }
}

const trees = new Map<string, PathTree>()

function compartmentOf(type: string): PathTree {
  const known = trees.get(type)
  if (known !== undefined) return known
  const paths = `${COMMON} ${Object.hasOwn(BY_TYPE, type) ? BY_TYPE[type] : ''}`.trim().split(/ +/)
  const made = treeOf(paths.map((path) => path.split('.')))
  if (Object.hasOwn(BY_TYPE, type)) trees.set(type, made)
  return Object.hasOwn(BY_TYPE, type) ? made : otherTypes
}

const otherTypes: PathTree = treeOf(COMMON.split(' ').map((name) => [name]))

// Addresses of resources stand here as well as in `reference`.
const ADDRESS_KEYS = ['valueUri', 'valueUrl', 'valueCanonical', 'fullUrl']
/** Most keys are told apart by their first letter. */
function isAddressKey(source: Buffer, start: number, end: number): boolean {
  const first = source[start + 1]
  if (first !== 0x76 && first !== 0x66 && first !== BACKSLASH) return false
  return ADDRESS_KEYS.some((key) => isKey(source, start, end, key))
}

const BACKSLASH = 0x5c
const QUOTE = 0x22
const OPEN_OBJECT = 0x7b
const OPEN_ARRAY = 0x5b

/**
 * Calls `onMention` for every reference of a resource, at any depth: in contained resources, extensions and elements
 * this server knows nothing of. `source[start, end)` is the resource's JSON object, which must be well-formed.
 */
export function eachMention(
  type: string,
  source: Buffer,
  { start, end }: { readonly start: number; readonly end: number },
  onMention: (mention: Mention) => void,
): void {
  walkObject({ source, end, onMention }, start, { tree: compartmentOf(type), isRoot: true })
}

interface Walk {
  readonly source: Buffer
  readonly end: number
  readonly onMention: (mention: Mention) => void
}

interface Place {
  readonly tree: PathTree | undefined
  readonly isRoot: boolean
}

/** Returns the position after the object. */
function walkObject(walk: Walk, start: number, { tree, isRoot }: Place): number {
  const { source, end, onMention } = walk
  const isCompartment = tree?.isEnd === true
  let address: string | undefined
  let isTypedPatient = false
  let hasIdentifier = false
  let at = skipSpace(source, start + 1, end)
  while (source[at] === QUOTE) {
    const keyStart = at
    const keyEnd = skipString(source, at, end)
    const value = skipSpace(source, skipSpace(source, keyEnd, end) + 1, end)
    const first = source[value]
    let after: number
    if (first === QUOTE) {
      after = skipString(source, value, end)
      if (isKey(source, keyStart, keyEnd, 'reference')) address = stringText(source, value, after)
      else if (isKey(source, keyStart, keyEnd, 'type'))
        isTypedPatient ||= /(?:^|\/)Patient$/.test(stringText(source, value, after))
      else if (isAddressKey(source, keyStart, keyEnd)) {
        const to = targetOf(stringText(source, value, after))
        if (to?.kind === 'resource') onMention({ to, isCompartment: false })
      }
    } else if (first === OPEN_OBJECT || first === OPEN_ARRAY) {
      if (isKey(source, keyStart, keyEnd, 'identifier')) hasIdentifier = true
      const below = tree === undefined ? undefined : tree.below.get(stringText(source, keyStart, keyEnd))
      after = walkValue(walk, value, {
        tree: below,
        isContained: isRoot && isKey(source, keyStart, keyEnd, 'contained'),
      })
    } else after = skipValue(source, value, end, 0)
    at = skipSpace(source, after, end)
    if (source[at] !== 0x2c) break
    at = skipSpace(source, at + 1, end)
  }
  const to = address === undefined ? undefined : targetOf(address)
  if (to?.kind === 'urn' && isTypedPatient)
    onMention({ to: { ...to, kind: 'resource', type: 'Patient' }, isCompartment })
  else if (to !== undefined) onMention({ to, isCompartment })
  else if (address === undefined && isTypedPatient && hasIdentifier && !isRoot)
    onMention({ to: { kind: 'hidden-patient' }, isCompartment })
  return at + 1
}

function walkValue(
  walk: Walk,
  start: number,
  { tree, isContained }: { readonly tree: PathTree | undefined; readonly isContained: boolean },
): number {
  const { source, end } = walk
  if (source[start] === OPEN_OBJECT) {
    if (isContained && findStringMember(source, start, end, 'resourceType')?.text === 'Patient')
      walk.onMention({ to: { kind: 'hidden-patient' }, isCompartment: false })
    return walkObject(walk, start, { tree, isRoot: false })
  }
  if (source[start] !== OPEN_ARRAY) return skipValue(source, start, end, 0)
  let at = skipSpace(source, start + 1, end)
  while (source[at] !== 0x5d) {
    at = skipSpace(source, walkValue(walk, at, { tree, isContained }), end)
    if (source[at] === 0x2c) at = skipSpace(source, at + 1, end)
  }
  return at + 1
}

const URN = /^urn:(?:uuid|oid):(.+)$/s
const NAMES_PATIENT = /(?:^|[/#])Patient(?:$|[/?#|])/
const LONGEST_ADDRESS = 4096

/**
 * What an address names: relative or absolute, with version, fragment or a slash at its end, or a URN. Undefined for
 * what is inside the resource and for addresses that name neither a type of resource nor a patient.
 */
export function targetOf(address: string): Target | undefined {
  if (address.length > LONGEST_ADDRESS)
    return address.includes('Patient') ? { kind: 'hidden-patient' } : undefined
  const urn = URN.exec(address)?.[1]
  if (urn !== undefined) return { kind: 'urn', id: urn.split('#')[0] }
  if (address.startsWith('#')) return undefined
  const text = address.includes('%') ? decoded(address) : address
  const plain = text.split(/[#|]/, 1)[0].replace(/\/$/, '')
  const segments = plain.split('/')
  const history = segments.indexOf('_history')
  const [type, id] = (history < 0 ? segments : segments.slice(0, history)).slice(-2)
  if (
    id !== undefined &&
    /^[A-Z][A-Za-z]{1,63}$/.test(type) &&
    /^[^/?]{1,256}$/.test(id) &&
    !plain.includes('?')
  )
    return { kind: 'resource', type, id }
  return NAMES_PATIENT.test(text) ? { kind: 'hidden-patient' } : undefined
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
