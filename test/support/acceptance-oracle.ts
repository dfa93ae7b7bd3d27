import { isUtf8 } from 'node:buffer'
import { entryOf, firstOf } from './elements.js'
import { rawItems, rawMembers } from './raw-json.js'
import { readShared } from './shared.js'

interface SpecElement {
  readonly name: string
  readonly types: readonly string[]
  readonly repeats?: boolean
  readonly choice?: boolean
}
interface SpecTree {
  readonly resources: readonly string[]
  readonly types: Readonly<Record<string, readonly SpecElement[]>>
}
interface Key {
  readonly type: string
  readonly many: boolean
}

interface MemberText {
  readonly keys: ReadonlyMap<string, Key>
  readonly key: string
  readonly value: string
}

/**
 * What law 2.2 says of a line: `accepted`; `bytes`, where it is no JSON, too deep or no resource, which no rule
 * can heal; `structure`, where an element is unknown, of the wrong kind or there twice; `open`, where law 2.2 is silent.
 */
export type Verdict = 'accepted' | 'bytes' | 'structure' | 'open'

const MAX_DEPTH = 256

// The types of `value[x]` where the specification says "any".
const OPEN_PRIMITIVES =
  'base64Binary boolean code date dateTime decimal id instant integer markdown oid positiveInt string time ' +
  'unsignedInt uri'
const OPEN_COMPLEX =
  'Address Age Annotation Attachment CodeableConcept Coding ContactPoint Count Distance Duration HumanName ' +
  'Identifier Money Period Quantity Range Ratio Reference SampledData Signature Timing Meta'
const OPEN_R4 =
  'canonical url uuid ContactDetail Contributor DataRequirement Expression ParameterDefinition RelatedArtifact ' +
  'TriggerDefinition UsageContext Dosage'
const OPEN_STU3 = 'url'

/**
 * Judges lines by the element tree of `../shared/spec` and `JSON.parse`: written from the law, without
 * anything of the engines.
 */
export class AcceptanceOracle {
  private readonly spec: SpecTree
  private readonly keysOf = new Map<string, ReadonlyMap<string, Key>>()
  private readonly openTypes: readonly string[]

  constructor(version: 'STU3' | 'R4') {
    this.spec = JSON.parse(readShared(`spec/elements-${version.toLowerCase()}.json.gz`)) as SpecTree
    const own = version === 'R4' ? OPEN_R4 : OPEN_STU3
    this.openTypes = `${OPEN_PRIMITIVES} ${OPEN_COMPLEX} ${own}`.split(' ')
  }

  judge(line: Uint8Array): Verdict {
    if (!isUtf8(line)) return 'bytes'
    const text = Buffer.from(line.buffer, line.byteOffset, line.length).toString('utf8')
    if (depthOf(text) > MAX_DEPTH) return 'bytes'
    let root: unknown
    try {
      root = JSON.parse(text)
    } catch {
      return 'bytes'
    }
    if (typeof root !== 'object' || root === null || Array.isArray(root)) return 'bytes'
    const names = rawMembers(text).filter(([key]) => key === 'resourceType')
    if (names.length === 0) return 'bytes'
    if (names.length > 1) return 'structure'
    if (!this.isResourceType(JSON.parse(firstOf(names)[1]))) return 'bytes'
    return this.object(text, 'Resource')
  }

  private isResourceType(name: unknown): name is string {
    return typeof name === 'string' && this.spec.resources.includes(name)
  }

  private object(text: string, declared: string): Verdict {
    const members = rawMembers(text)
    const isResource = declared === 'Resource'
    let type = declared
    if (isResource) {
      const name = members.find(([key]) => key === 'resourceType')?.[1]
      const parsed: unknown = name === undefined ? undefined : JSON.parse(name)
      if (!this.isResourceType(parsed)) return members.length === 0 ? 'open' : 'structure'
      type = parsed
    }
    const keys = this.keys(type)
    const seen = new Set<string>()
    let verdict: Verdict = 'accepted'
    for (const [key, value] of members) {
      if (seen.has(key)) return 'structure'
      seen.add(key)
      if (key === 'resourceType' && isResource) continue
      const of = this.member({ keys, key, value })
      if (of === 'structure') return of
      if (of === 'open') verdict = of
    }
    return verdict
  }

  private member({ keys, key, value }: MemberText): Verdict {
    const underscore = key.startsWith('_')
    const name = underscore ? key.slice(1) : key
    const known = keys.get(name)
    const primitive = known !== undefined && /^[a-z]/.test(known.type)
    if (known === undefined || (underscore && !primitive)) return 'structure'
    if (value === 'null') return 'accepted'
    const isArray = value.startsWith('[')
    const items = isArray ? rawItems(value) : [value]
    const verdict = worst(items.map((item) => this.value(item, known.type, underscore)))
    return isArray === known.many ? verdict : 'structure'
  }

  private value(text: string, type: string, underscore: boolean): Verdict {
    if (text === 'null') return 'accepted'
    const isObject = text.startsWith('{')
    const primitive = /^[a-z]/.test(type)
    if (!primitive || underscore) return isObject ? this.object(text, type) : 'structure'
    const kind = typeof (isObject || text.startsWith('[') ? undefined : (JSON.parse(text) as unknown))
    return kind === jsonKind(type) ? 'accepted' : 'structure'
  }

  private keys(type: string): ReadonlyMap<string, Key> {
    let keys = this.keysOf.get(type)
    if (keys === undefined) {
      keys = new Map(
        (this.spec.types[type] ?? entryOf(this.spec.types, 'string')).flatMap((element) =>
          this.keysOfElement(element),
        ),
      )
      this.keysOf.set(type, keys)
    }
    return keys
  }

  private keysOfElement(element: SpecElement): [string, Key][] {
    const many = element.repeats === true
    if (element.choice !== true) return [[element.name, { type: firstOf(element.types), many }]]
    const types = element.types[0] === 'DataType' ? this.openTypes : element.types
    return types
      .filter((type) => type !== 'integer64')
      .map((type) => [element.name + type.charAt(0).toUpperCase() + type.slice(1), { type, many }])
  }
}

function worst(verdicts: readonly Verdict[]): Verdict {
  return verdicts.find((v) => v === 'structure') ?? verdicts.find((v) => v === 'open') ?? 'accepted'
}

function jsonKind(type: string): string {
  if (type === 'boolean') return 'boolean'
  return ['decimal', 'integer', 'positiveInt', 'unsignedInt'].includes(type) ? 'number' : 'string'
}

/** How deep objects and arrays nest, found without a parser. */
function depthOf(text: string): number {
  let deepest = 0
  let depth = 0
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"?|[[\]{}]/gs)) {
    if (token === '{' || token === '[') deepest = Math.max(deepest, ++depth)
    else if (token === '}' || token === ']') depth--
  }
  return deepest
}
