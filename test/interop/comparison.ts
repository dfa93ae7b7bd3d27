import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import {
  addressOf,
  type Canonical,
  type CanonicalObject,
  differences,
  isObject,
  withReferences,
} from './canonical.js'
import { type Line, lineOf } from './corpus.js'
import { conditionalOf, isShared } from './patient-bundles.js'

/*
 * Everything in which a resource may differ after it was loaded into HAPI and exported again, all of it in `meta`:
 * the version, its time and the request that brought it are HAPI's own, and it keeps labels and profiles as sets,
 * without their order. Nothing else is added or normalized, numbers included.
 */
const SERVERS_OWN = ['versionId', 'lastUpdated', 'source']
const SETS = ['security', 'tag', 'profile']

/** The exported resources by type and id. */
export function readExport(folder: string): ReadonlyMap<string, Line> {
  const lines = readdirSync(folder)
    .filter((name) => /\.x?ndjson$/.test(name))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
    .filter((text) => text !== '')
    .map(lineOf)
  return new Map(lines.map((line) => [addressOf(line.resource), line]))
}

/** Fails for each resource that is missing, was not loaded, or differs in more than what is the server's own. */
export function compareWithExport(
  t: Test,
  expected: readonly Line[],
  exported: ReadonlyMap<string, Line>,
): void {
  const chosenIds = new Map(
    [...exported.values()]
      .filter(isShared)
      .map(({ resource }) => [conditionalOf(resource), addressOf(resource)]),
  )
  const wanted = new Map<string, CanonicalObject>()
  for (const line of expected) {
    const { resource } = lineOf(withReferences(line.text, (reference) => chosenIds.get(reference)))
    const own = addressOf(resource)
    // A resource that was created by its identifier has the id that the server chose.
    const chosen = isShared(line) && !exported.has(own) ? chosenIds.get(conditionalOf(resource)) : undefined
    wanted.set(chosen ?? own, resource)
  }
  const missing = [...wanted.keys()].filter((address) => !exported.has(address))
  const unknown = [...exported.keys()].filter((address) => !wanted.has(address))
  const different = [...wanted].flatMap(([address, resource]) => {
    const found = exported.get(address)
    if (found === undefined) return []
    const paths = differences(comparable(resource), comparable(found.resource), `${resource.resourceType}`)
    return paths.map((path) => `${address}: ${path}`)
  })
  t.strictSame(counted(missing), [], 'nothing is missing')
  t.strictSame(counted(unknown), [], 'nothing is there that was not loaded')
  t.strictSame(counted(different), [], 'no resource differs')
  t.comment(
    `${wanted.size} resources compared; they may differ in meta.${SERVERS_OWN.join(', meta.')}, and in the order of labels and profiles, only`,
  )
}

function comparable({ id, meta, ...rest }: CanonicalObject): CanonicalObject {
  if (!isObject(meta)) return rest
  const kept = Object.entries(meta)
    .filter(([name]) => !SERVERS_OWN.includes(name))
    .map(
      ([name, value]) => [name, SETS.includes(name) && Array.isArray(value) ? sorted(value) : value] as const,
    )
  return kept.length === 0 ? rest : { ...rest, meta: Object.fromEntries(kept) }
}

const sorted = (set: readonly Canonical[]): readonly Canonical[] =>
  set
    .map((item) => [JSON.stringify(item), item] as const)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([, item]) => item)

/** At most twenty of a list, and how many there are: a failure that names thousands is of no use. */
const counted = (found: readonly string[]): readonly string[] =>
  found.length > 20 ? [...found.slice(0, 20), `and ${found.length - 20} more`] : found
