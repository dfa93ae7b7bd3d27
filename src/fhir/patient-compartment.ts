import { findMember, skipSpace, skipValue, stringText } from './json.js'

/** Where a resource names its patient: the patient compartment's parameters as elements, most specific first. */
const PATIENT_ELEMENTS = ['patient', 'subject', 'beneficiary', 'individual', 'for', 'candidate', 'deliverFor']

/** Types whose patient stands deeper or under another name (FHIR R4 and R5, CompartmentDefinition/patient). */
const NESTED: Readonly<Record<string, readonly string[]>> = {
  Appointment: ['participant.actor'],
  AppointmentResponse: ['actor'],
  AuditEvent: ['patient', 'agent.who', 'agent.reference', 'entity.what', 'entity.reference'],
  Coverage: ['beneficiary', 'subscriber', 'policyHolder'],
  Group: ['member.entity'],
  Person: ['link.target'],
  Provenance: ['patient', 'target'],
  Schedule: ['actor'],
  SupplyRequest: ['deliverFor', 'deliverTo'],
}

/**
 * The id of the patient a resource belongs to, as written in the source: a Patient's own id, otherwise the id in the
 * first reference to a patient by FHIR's patient compartment. '' where none is known. `source[start, end)` is the
 * resource's JSON object, which must be well-formed.
 */
export function patientIdOf(resourceType: string, source: Buffer, start: number, end: number): string {
  if (resourceType === 'Patient') {
    const id = findMember(source, start, end, 'id')
    return id !== undefined && source[id.start] === 0x22 ? stringText(source, id.start, id.end) : ''
  }
  for (const path of NESTED[resourceType] ?? PATIENT_ELEMENTS) {
    const id = referenceAt(path.split('.'), source, start, end)
    if (id !== '') return id
  }
  return ''
}

function referenceAt(path: readonly string[], source: Buffer, start: number, end: number): string {
  const member = findMember(source, start, end, path[0] ?? 'reference')
  if (member === undefined) return ''
  if (path.length === 0)
    return source[member.start] === 0x22 ? patientId(stringText(source, member.start, member.end)) : ''
  for (const item of objectsIn(source, member.start, member.end)) {
    const id = referenceAt(path.slice(1), source, item.start, item.end)
    if (id !== '') return id
  }
  return ''
}

/** The object itself, or the objects of an array. */
function* objectsIn(source: Buffer, start: number, end: number): Generator<{ start: number; end: number }> {
  if (source[start] === 0x7b) yield { start, end }
  if (source[start] !== 0x5b) return
  for (let at = skipSpace(source, start + 1, end); source[at] === 0x7b; ) {
    const itemEnd = skipValue(source, at, end, 0)
    yield { start: at, end: itemEnd }
    at = skipSpace(source, itemEnd, end)
    if (source[at] !== 0x2c) return
    at = skipSpace(source, at + 1, end)
  }
}

const LITERAL = /(?:^|\/)Patient\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[A-Za-z0-9.-]{1,64})?$/
const URN = /^urn:(?:uuid|oid):(.+)$/

const patientId = (reference: string): string =>
  LITERAL.exec(reference)?.[1] ?? URN.exec(reference)?.[1] ?? ''
