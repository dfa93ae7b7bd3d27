import { readdirSync } from 'node:fs'
import { sharedLines, sharedPath } from '../support/shared.js'
import {
  addressOf,
  type CanonicalObject,
  canonicalOf,
  isObject,
  referencesOf,
  withReferences,
} from './canonical.js'

/** A resource with its JSON text. */
export interface Line {
  readonly text: string
  readonly resource: CanonicalObject
}

export const lineOf = (text: string): Line => ({ text, resource: canonicalOf(text) })

/** All resources of a folder of `../shared/data`. */
export const readFolder = (folder: string): Line[] =>
  readdirSync(sharedPath(folder))
    .sort()
    .flatMap((name) => sharedLines(`${folder}/${name}`))
    .map(lineOf)

/** For a line's id: the address of its resource. */
export const addressesById = (lines: readonly Line[]): ReadonlyMap<string, string> =>
  new Map(lines.map(({ resource }) => [`${resource.id}`, addressOf(resource)]))

/** What a `urn:uuid:` reference names, where it names the id of one of these resources. */
export const literalOf =
  (addresses: ReadonlyMap<string, string>) =>
  (reference: string): string | undefined =>
    addresses.get(/^urn:uuid:(.*)/.exec(reference)?.[1] ?? '')

/**
 * Synthea's NDJSON: everything about some of its patients, and what that refers to. Its lines still hold some
 * `urn:uuid:` references of the Bundles that they came from, which no server can follow; they are made literal.
 * Groups are left out: each names patients that are not among these.
 */
export function syntheaPatients(lines: readonly Line[], from: number, to: number): Line[] {
  const literal = literalOf(addressesById(lines))
  const all = lines.map(({ text, resource }) =>
    text.includes('urn:uuid:') ? lineOf(withReferences(text, literal)) : { text, resource },
  )
  const byAddress = new Map(all.map((line) => [addressOf(line.resource), line]))
  const patients = all
    .map(({ resource }) => resource)
    .filter(({ resourceType }) => resourceType === 'Patient')
  const wanted = new Set(patients.slice(from, to).map(addressOf))
  const picked = new Set<Line>()
  const pick = (line: Line | undefined): void => {
    if (line === undefined || picked.has(line)) return
    picked.add(line)
    for (const reference of referencesOf(line.resource)) pick(byAddress.get(reference))
  }
  for (const line of all) if (wanted.has(patientOf(line.resource))) pick(line)
  return all.filter((line) => picked.has(line))
}

/** The address of the patient whose resource it is, `` for none. */
export function patientOf(resource: CanonicalObject): string {
  if (resource.resourceType === 'Patient') return addressOf(resource)
  const patient = resource.subject ?? resource.patient
  return isObject(patient) ? `${patient.reference}` : ''
}

/** NDJSON by file name, a file for each type, as a bulk export writes it. */
export function filesByType(lines: readonly Line[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const { text, resource } of lines) {
    const name = `${resource.resourceType}.ndjson`
    files.set(name, `${files.get(name) ?? ''}${text}\n`)
  }
  return files
}
