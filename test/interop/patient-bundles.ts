import { type Canonical, type CanonicalObject, isObject, referencesOf, withReferences } from './canonical.js'
import { addressesById, type Line, lineOf, literalOf } from './corpus.js'

/** Resources that several patients share. Synthea's Bundles create them by identifier, where they are not there. */
const SHARED_TYPES = ['Organization', 'Practitioner']

export interface BundleFile {
  readonly name: string
  readonly json: string
  readonly entries: number
}

export interface PatientBundles {
  /** A batch that creates what the patients share, if it is not there. */
  readonly shared: BundleFile
  /** A transaction for each patient. */
  readonly patients: readonly BundleFile[]
  /**
   * What the server should hold, by name of the Bundle. References to shared resources are conditional here: the
   * server chooses their ids.
   */
  readonly expected: ReadonlyMap<string, readonly Line[]>
}

/**
 * US Core's NDJSON as the transactions that it was made from. In each, the Provenance names all entries in their order;
 * `fullUrl` and references are `urn:uuid:`. As Synthea's older versions do it, every other Bundle holds the shared
 * resources itself, created only if they are not there; as its newer ones do it, the others refer to them by
 * conditional references, and a batch creates them beforehand.
 */
export function patientBundles(lines: readonly Line[]): PatientBundles {
  const byId = new Map<string, Line>()
  // Several patients bring the same organization with other counts of use: the first one is created.
  for (const line of lines) if (!byId.has(`${line.resource.id}`)) byId.set(`${line.resource.id}`, line)
  const members = lines
    .filter(({ resource }) => resource.resourceType === 'Provenance')
    .map((provenance) => [...targetsOf(provenance.resource, byId), provenance])
  const shared = [...byId.values()].filter(isShared)
  const toConditional = new Map(
    shared.map(({ resource }) => [`urn:uuid:${resource.id}`, conditionalOf(resource)]),
  )
  const literal = literalOf(addressesById([...byId.values()]))
  const asStored = ({ text }: Line): Line =>
    lineOf(withReferences(text, (reference) => toConditional.get(reference) ?? literal(reference)))

  const expected = new Map([['shared', shared.map(asStored)]])
  const patients = members.map((entries, k) => {
    const name = `patient-${String(k).padStart(2, '0')}`
    const own = entries.filter((line) => !isShared(line))
    expected.set(name, own.map(asStored))
    const isOlder = k % 2 === 0
    const texts = (isOlder ? entries : own).map((line) =>
      entryOf(line, isOlder ? line.text : withReferences(line.text, (urn) => toConditional.get(urn))),
    )
    return bundleOf(name, 'transaction', texts)
  })
  return {
    shared: bundleOf(
      'shared',
      'batch',
      shared.map((line) => entryOf(line, line.text)),
    ),
    patients,
    expected,
  }
}

function targetsOf(provenance: CanonicalObject, byId: ReadonlyMap<string, Line>): Line[] {
  return referencesOf(provenance.target).flatMap((urn) => byId.get(urn.slice('urn:uuid:'.length)) ?? [])
}

/** Whether a resource is created by its identifier. */
export const isShared = ({ resource }: Line): boolean => SHARED_TYPES.includes(`${resource.resourceType}`)

/** The search that finds a shared resource: `Organization?identifier=system|value`. */
export const conditionalOf = (resource: CanonicalObject): string =>
  `${resource.resourceType}?identifier=${identifierOf(resource.identifier)}`

function identifierOf(identifiers: Canonical | undefined): string {
  const first = Array.isArray(identifiers) ? identifiers[0] : undefined
  return isObject(first) ? `${first.system}|${first.value}` : ''
}

function entryOf(line: Line, text: string): string {
  const { id, resourceType } = line.resource
  const condition = isShared(line)
    ? `,"ifNoneExist":${JSON.stringify(conditionalOf(line.resource).split('?')[1])}`
    : ''
  return `{"fullUrl":"urn:uuid:${id}","resource":${text},"request":{"method":"POST","url":"${resourceType}"${condition}}}`
}

const bundleOf = (name: string, type: string, entries: readonly string[]): BundleFile => ({
  name,
  json: `{"resourceType":"Bundle","type":"${type}","entry":[\n${entries.join(',\n')}\n]}`,
  entries: entries.length,
})
