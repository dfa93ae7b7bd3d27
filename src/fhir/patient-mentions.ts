import { byteAt } from '../json/byte.js'
import { BACKSLASH, QUOTE } from '../json/byte-classes.js'
import { isKey, skipSpace, skipString, skipValue, stringText, type ValueRange } from '../json/scanner.js'
import { percentDecoded } from './resource-url.js'

/** A reference in a resource, and whether it decides whose data the resource is. */
export interface Mention {
  readonly to: Target
  /** Whether it is in an element of FHIR's patient compartment, so that the resource belongs to the patient. */
  readonly isCompartment: boolean
}

export type Target =
  | { readonly kind: 'resource'; readonly type: string; readonly id: string }
  /** A URN does not give the type of the resource it names. */
  | { readonly kind: 'urn'; readonly id: string }
  /**
   * A patient that cannot be identified: contained, named by an identifier or a search, or by an unknown form of
   * address.
   */
  | { readonly kind: 'hidden-patient' }

/**
 * Elements in which any type of resource names its patient. A reference there is to a patient unless it says
 * otherwise.
 */
const COMMON = 'patient subject beneficiary individual for candidate deliverFor'

/** Further elements of the patient compartment, by type (FHIR STU3, R4 and R5, CompartmentDefinition/patient). */
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
  /** Whether the path is one of `COMMON`. */
  readonly isSubject?: boolean
  readonly below: ReadonlyMap<string, PathTree>
}

const SUBJECTS: ReadonlySet<string> = new Set(COMMON.split(' '))

const treeOf = (paths: readonly (readonly string[])[], depth = 0): PathTree => {
  const heads = new Set(paths.flatMap(([head]) => head ?? []))
  return {
    isEnd: paths.some((path) => path.length === 0),
    below: new Map(
      [...heads].map((head) => [
        head,
        {
          ...treeOf(
            paths.filter((path) => path[0] === head).map((path) => path.slice(1)),
            depth + 1,
          ),
          isSubject: depth === 0 && SUBJECTS.has(head),
        },
      ]),
    ),
  }
}

const compartmentTree = (paths: string): PathTree => treeOf(paths.split(' ').map((path) => path.split('.')))

const trees = new Map(
  Object.entries(BY_TYPE).map(([type, paths]) => [type, compartmentTree(`${COMMON} ${paths}`)]),
)
const otherTypes = compartmentTree(COMMON)

const compartmentOf = (type: string): PathTree => trees.get(type) ?? otherTypes

// These elements hold addresses of resources too.
const ADDRESS_KEYS = ['valueUri', 'valueUrl', 'valueCanonical', 'valueUuid', 'valueOid', 'fullUrl']
/**
 * Whether the key is one of `ADDRESS_KEYS`. Compares the first letter before the whole key, because most keys differ
 * there.
 */
function isAddressKey(source: Buffer, start: number, end: number): boolean {
  const first = source[start + 1]
  if (first !== 0x76 && first !== 0x66 && first !== BACKSLASH) return false
  return ADDRESS_KEYS.some((key) => isKey(source, start, end, key))
}

/** First bytes of the relevant keys, including escaped ones. Most keys are skipped on this test alone. */
const FIRST_BYTES = new Uint8Array(256)
for (const first of 'rtdvfi_\\') FIRST_BYTES[first.charCodeAt(0)] = 1

/**
 * Whether the key is an element that describes the target of a reference without an address. Any of them makes a
 * typed object a Reference.
 */
const isDescription = (source: Buffer, start: number, end: number): boolean =>
  ['identifier', 'display', '_reference', 'reference'].some((key) => isKey(source, start, end, key))

const OPEN_OBJECT = 0x7b
const OPEN_ARRAY = 0x5b

/**
 * Calls `onMention` for every reference in a resource, at any depth: in contained resources, in extensions and in
 * elements that this server does not know. `source[start, end)` is the resource's JSON object, which must be
 * well-formed.
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

/** Facts that the members of one object give about the resource it refers to. */
interface ReferenceParts {
  /** Addresses in `reference`. A damaged object may have several, and readers differ in which one they use. */
  readonly addresses: string[]
  isTyped: boolean
  isTypedPatient: boolean
  isDescribed: boolean
  hasIdentifier: boolean
}

/** Reads the object at `start` and returns the position after it. */
function walkObject(walk: Walk, start: number, { tree, isRoot }: Place): number {
  const { source, end } = walk
  const parts: ReferenceParts = {
    addresses: [],
    isTyped: false,
    isTypedPatient: false,
    isDescribed: false,
    hasIdentifier: false,
  }
  let at = skipSpace(source, start + 1, end)
  while (source[at] === QUOTE) {
    const key = { start: at, end: skipString(source, at, end) }
    const value = skipSpace(source, skipSpace(source, key.end, end) + 1, end)
    const first = source[value]
    let after: number
    if (first === QUOTE) {
      after = skipString(source, value, end)
      if (FIRST_BYTES[byteAt(source, key.start + 1)] === 1)
        readText(walk, parts, { key, value: { start: value, end: after }, isRoot })
    } else if (first === OPEN_OBJECT || first === OPEN_ARRAY) {
      const below = tree === undefined ? undefined : tree.below.get(stringText(source, key.start, key.end))
      after = walkValue(walk, value, below)
      if (FIRST_BYTES[byteAt(source, key.start + 1)] === 1) {
        parts.hasIdentifier ||= isKey(source, key.start, key.end, 'identifier')
        parts.isDescribed ||= isDescription(source, key.start, key.end)
        if (first === OPEN_ARRAY && isKey(source, key.start, key.end, 'reference'))
          parts.addresses.push(...textsIn(source, value, after))
      }
    } else after = skipValue(source, value, end, 0)
    at = skipSpace(source, after, end)
    if (source[at] !== 0x2c) break
    at = skipSpace(source, at + 1, end)
  }
  mentionParts(walk, parts, { tree, isRoot })
  return at + 1
}

interface TextMember {
  readonly key: ValueRange
  readonly value: ValueRange
  readonly isRoot: boolean
}

function readText(
  { source, onMention }: Walk,
  parts: ReferenceParts,
  { key, value, isRoot }: TextMember,
): void {
  const is = (name: string): boolean => isKey(source, key.start, key.end, name)
  const text = (): string => stringText(source, value.start, value.end)
  if (is('reference')) parts.addresses.push(text())
  else if (is('type')) {
    parts.isTyped = true
    parts.isTypedPatient ||= /(?:^|\/)Patient$/i.test(text().trim())
  } else if (is('display')) parts.isDescribed = true
  else if (is('resourceType')) {
    // The id of a contained patient, or of one in an entry or a parameter, is only valid there.
    if (!isRoot && text() === 'Patient') onMention({ to: { kind: 'hidden-patient' }, isCompartment: false })
  } else if (isAddressKey(source, key.start, key.end)) {
    const to = targetOf(text())
    if (to !== undefined && to.kind !== 'hidden-patient') onMention({ to, isCompartment: false })
  }
}

function mentionParts({ onMention }: Walk, parts: ReferenceParts, { tree, isRoot }: Place): void {
  const { addresses, isTyped, isTypedPatient, isDescribed, hasIdentifier } = parts
  const isCompartment = tree?.isEnd === true
  // The subject of a resource is a patient unless the reference says otherwise.
  const isUntypedSubject = tree?.isSubject === true && !isTyped
  for (const address of addresses) {
    const to = targetOf(address)
    if (to?.kind === 'urn' && isTypedPatient)
      onMention({ to: { ...to, kind: 'resource', type: 'Patient' }, isCompartment })
    else if (to !== undefined) onMention({ to, isCompartment })
    else if ((isTypedPatient || isUntypedSubject) && !isRoot && !address.trim().startsWith('#'))
      onMention({ to: { kind: 'hidden-patient' }, isCompartment })
  }
  if (isRoot || addresses.length > 0) return
  if ((isTypedPatient && isDescribed) || (isUntypedSubject && hasIdentifier))
    onMention({ to: { kind: 'hidden-patient' }, isCompartment })
}

/** Yields the strings that are direct items of an array. */
function* textsIn(source: Buffer, start: number, end: number): Generator<string> {
  let at = skipSpace(source, start + 1, end)
  while (at < end && source[at] !== 0x5d) {
    const after = skipValue(source, at, end, 0)
    if (source[at] === QUOTE) yield stringText(source, at, after)
    at = skipSpace(source, after, end)
    if (source[at] === 0x2c) at = skipSpace(source, at + 1, end)
  }
}

function walkValue(walk: Walk, start: number, tree: PathTree | undefined): number {
  const { source, end } = walk
  if (source[start] === OPEN_OBJECT) return walkObject(walk, start, { tree, isRoot: false })
  if (source[start] !== OPEN_ARRAY) return skipValue(source, start, end, 0)
  let at = skipSpace(source, start + 1, end)
  while (source[at] !== 0x5d) {
    at = skipSpace(source, walkValue(walk, at, tree), end)
    if (source[at] === 0x2c) at = skipSpace(source, at + 1, end)
  }
  return at + 1
}

const URN = /^urn:(?:uuid|oid):(.+)$/is
/** Matches the word alone, not part of a longer name such as PatientPortal. */
const NAMES_PATIENT = /(?<![a-z])patient(?![a-z])/i
const MAX_ADDRESS = 4096

/**
 * Finds the target of an address: relative or absolute, with a version, a fragment or a trailing slash, or a URN.
 * Undefined for targets inside the resource and for addresses that name neither a resource type nor a patient.
 */
export function targetOf(given: string): Target | undefined {
  if (given.length > MAX_ADDRESS) return given.includes('Patient') ? { kind: 'hidden-patient' } : undefined
  const address = given.trim()
  const urn = URN.exec(address)?.[1]
  if (urn !== undefined) return { kind: 'urn', id: urn.replace(/[#|?].*$/s, '') }
  if (address.startsWith('#')) return undefined
  const text = percentDecoded(address)
  const plain = text.replace(/[#|].*$/s, '').replace(/\/$/, '')
  const segments = plain.split('/')
  const history = segments.indexOf('_history')
  const [type = '', id] = (history < 0 ? segments : segments.slice(0, history)).slice(-2)
  if (
    id !== undefined &&
    (/^[A-Z][A-Za-z]{1,63}$/.test(type) || /^patient$/i.test(type)) &&
    /^[^/?]{1,256}$/.test(id) &&
    !plain.includes('?')
  )
    return { kind: 'resource', type: /^patient$/i.test(type) ? 'Patient' : type, id }
  return NAMES_PATIENT.test(text) ? { kind: 'hidden-patient' } : undefined
}
