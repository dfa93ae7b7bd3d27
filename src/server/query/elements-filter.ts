import { elementTree } from '../../fhir/elements.js'
import type { FhirVersion } from '../../fhir/version.js'
import { skipSpace, skipString, skipValue, stringText } from '../../json/scanner.js'
import { mandatoryElements } from './mandatory-elements.js'

const SUBSETTED: Readonly<Record<FhirVersion, string>> = {
  STU3: '{"system":"http://hl7.org/fhir/v3/ObservationValue","code":"SUBSETTED"}',
  R4: '{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}',
  R4B: '{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}',
  R5: '{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}',
}

/** Elements named by `_elements`, by type; `*` for every type. */
export type ElementsByType = Readonly<Record<string, readonly string[]>>

/** Returns the requested names that no resource of this version has; empty if all are known. */
export function unknownElements(names: readonly string[], version: FhirVersion): string[] {
  const { byType, all } = elementNames(version)
  return names.filter((name) => {
    const [type = '', element, ...further] = name.split('.')
    if (element === undefined) return !all.has(type)
    return further.length > 0 || byType.get(type)?.has(element) !== true
  })
}

interface ElementNames {
  readonly byType: ReadonlyMap<string, ReadonlySet<string>>
  readonly all: ReadonlySet<string>
}

const known = new Map<FhirVersion, ElementNames>()

/** Collects the root elements of all resources of a version. */
function elementNames(version: FhirVersion): ElementNames {
  const found = known.get(version)
  if (found !== undefined) return found
  const byType = new Map(
    [...elementTree(version).resources].map(([type, { members }]) => [
      type,
      new Set([...(members?.values() ?? [])].map(({ name }) => name)),
    ]),
  )
  const made = { byType, all: new Set([...byType.values()].flatMap((names) => [...names])) }
  known.set(version, made)
  return made
}

export function elementsByType(names: readonly string[]): ElementsByType {
  const byType: Record<string, string[]> = {}
  for (const name of names) {
    const [first = '', element] = name.split('.')
    const type = element === undefined ? '*' : first
    byType[type] = [...(byType[type] ?? []), element ?? first]
  }
  return byType
}

/**
 * Keeps the root elements named for the type and the mandatory ones, verbatim, and tags the resource SUBSETTED. A type
 * for which no elements are named stays whole. `line` is a JSON object; the index has checked that.
 */
export function withElements(
  line: Buffer,
  type: string,
  { elements, version }: { readonly elements: ElementsByType; readonly version: FhirVersion },
): Buffer {
  const kept = keptOf(elements, type)
  if (kept === undefined) return line
  const members = elementTree(version).resources.get(type)?.members
  const pieces: Buffer[] = []
  let hasMeta = false
  for (const { key, start, valueStart, end } of membersOf(line)) {
    const plain = key.startsWith('_') ? key.slice(1) : key
    if (!kept.has(plain) && !kept.has(members?.get(plain)?.name ?? plain)) continue
    if (key === 'meta' && line[valueStart] === 0x7b) {
      hasMeta = true
      pieces.push(tagged(line, start, valueStart, end, SUBSETTED[version]))
    } else pieces.push(line.subarray(start, end))
  }
  if (!hasMeta) pieces.push(Buffer.from(`"meta":{"tag":[${SUBSETTED[version]}]}`))
  return Buffer.concat([
    Buffer.from('{'),
    ...pieces.flatMap((piece, at) => (at === 0 ? [piece] : [COMMA, piece])),
    Buffer.from('}\n'),
  ])
}

const COMMA = Buffer.from(',')

const keptElements = new WeakMap<ElementsByType, Map<string, ReadonlySet<string> | undefined>>()

/** Elements to keep of a type, computed once per export; undefined to keep all. */
function keptOf(elements: ElementsByType, type: string): ReadonlySet<string> | undefined {
  const byType = keptElements.get(elements) ?? new Map<string, ReadonlySet<string> | undefined>()
  keptElements.set(elements, byType)
  if (!byType.has(type)) {
    const named = [...(elements['*'] ?? []), ...(elements[type] ?? [])]
    byType.set(type, named.length === 0 ? undefined : new Set([...named, ...mandatoryElements(type)]))
  }
  return byType.get(type)
}

/** Adds a tag to `meta`. */
function tagged(line: Buffer, start: number, valueStart: number, end: number, tag: string): Buffer {
  const insert = (at: number, text: string): Buffer =>
    Buffer.concat([line.subarray(start, at), Buffer.from(text), line.subarray(at, end)])
  for (const member of membersOf(line.subarray(valueStart, end)))
    if (member.key === 'tag') {
      const list = valueStart + member.valueStart
      const isEmpty = line[skipSpace(line, list + 1, end)] === 0x5d
      if (line[list] === 0x5b) return insert(list + 1, isEmpty ? tag : `${tag},`)
    }
  const isEmpty = line[skipSpace(line, valueStart + 1, end)] === 0x7d
  return insert(valueStart + 1, `"tag":[${tag}]${isEmpty ? '' : ','}`)
}

interface RootMember {
  readonly key: string
  /** Range from the key's opening quote to the end of the value. */
  readonly start: number
  readonly valueStart: number
  readonly end: number
}

function* membersOf(line: Buffer): Generator<RootMember> {
  const length = line.length
  let at = skipSpace(line, skipSpace(line, 0, length) + 1, length)
  while (line[at] === 0x22) {
    const keyEnd = skipString(line, at, length)
    const valueStart = skipSpace(line, skipSpace(line, keyEnd, length) + 1, length)
    const end = skipValue(line, valueStart, length, 0)
    yield { key: stringText(line, at, keyEnd), start: at, valueStart, end }
    at = skipSpace(line, end, length)
    if (line[at] !== 0x2c) return
    at = skipSpace(line, at + 1, length)
  }
}
