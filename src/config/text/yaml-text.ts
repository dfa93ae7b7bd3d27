import { createRequire } from 'node:module'
import type { CST, Document, LineCounter, Node, YAMLMap } from 'yaml'
import { type TolerantJson, TolerantJsonError } from './tolerant-json.js'

type Yaml = typeof import('yaml')
let library: Yaml | undefined

/** Loaded when the first YAML is read: most runs read none, and its 73 files take a tenth of the start. */
function yaml(): Yaml {
  library ??= createRequire(import.meta.url)('yaml') as Yaml
  return library
}

const MAX_DEPTH = 64
// Aliases may repeat what they name: a small text could otherwise become gigabytes.
const MAX_NODES = 100_000

/**
 * A configuration in YAML 1.2 (core schema), as the JSON it represents. One document; names are texts, and a name
 * given twice in one object is an error, as in JSON. Throws TolerantJsonError.
 */
export function readYaml(text: string): TolerantJson {
  const { LineCounter } = yaml()
  const lines = new LineCounter()
  const document = parsed(text, lines)
  return new Reader(document, lines).read()
}

function parsed(text: string, lineCounter: LineCounter): Document {
  const { Composer, Parser } = yaml()
  const tokens = [...new Parser(lineCounter.addNewLine).parse(text)]
  // The composer calls itself for each level, and Node may abort where the stack ends in it: judge the depth before.
  const at = tooDeepAt(tokens)
  if (at !== undefined) throw errorAt(lineCounter, TOO_DEEP, at)
  const options = { version: '1.2', schema: 'core', lineCounter } as const
  const [document, second] = new Composer(options).compose(tokens, true, text.length)
  if (second !== undefined) throw errorAt(lineCounter, 'a second document; one is allowed', second.range[0])
  return document as Document
}

/** Where the tokens nest deeper than a configuration may; walked without recursion. */
function tooDeepAt(tokens: readonly CST.Token[]): number | undefined {
  const open = tokens.map((token) => ({ token, depth: 0 }))
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next
    // Every level of the text has at most two levels of tokens.
    if (depth > 2 * MAX_DEPTH + 4) return token.offset
    const below =
      'items' in token
        ? token.items.flatMap(({ key, value }) => [key, value])
        : 'value' in token
          ? [token.value]
          : []
    for (const inner of below)
      if (typeof inner === 'object' && inner !== null) open.push({ token: inner, depth: depth + 1 })
  }
  return undefined
}

const TOO_DEEP = `nested more than ${MAX_DEPTH} deep`

class Reader {
  readonly #orders = new Map<object, readonly string[]>()
  readonly #document: Document
  readonly #lines: LineCounter
  #nodeCount = 0

  constructor(document: Document, lines: LineCounter) {
    this.#document = document
    this.#lines = lines
  }

  read(): TolerantJson {
    const [problem] = [...this.#document.errors, ...this.#document.warnings]
    if (problem !== undefined) throw this.#error(sayOf(problem.code), problem.pos[0])
    const value = this.#value(this.#document.contents, 0, new Set())
    return { value, keysOf: (object) => this.#orders.get(object) ?? Object.keys(object) }
  }

  #error(message: string, offset = 0): TolerantJsonError {
    return errorAt(this.#lines, message, offset)
  }

  /** `inside` holds the nodes around this one: an alias to one of them would never end. */
  #value(node: unknown, depth: number, inside: ReadonlySet<Node>): unknown {
    if (node === null || node === undefined) return null
    const at = offsetOf(node)
    if (depth > MAX_DEPTH) throw this.#error(TOO_DEEP, at)
    this.#nodeCount += 1
    if (this.#nodeCount > MAX_NODES) throw this.#error('aliases make it too large', at)
    if (yaml().isAlias(node)) {
      const target = node.resolve(this.#document)
      if (target === undefined) throw this.#error('an alias without its anchor', at)
      if (inside.has(target)) throw this.#error('an alias inside of what it names', at)
      return this.#value(target, depth, inside)
    }
    if (yaml().isScalar(node)) return this.#scalar(node.value, at)
    const around = new Set(inside).add(node as Node)
    if (yaml().isSeq(node)) return node.items.map((item) => this.#value(item, depth + 1, around))
    if (!yaml().isMap(node)) throw this.#error('a value was expected here', at)
    return this.#object(node, depth, around)
  }

  #object(map: YAMLMap, depth: number, around: ReadonlySet<Node>): object {
    const object = {}
    const members = map.items.map(({ key, value }) => ({ key, value, name: this.#name(key, map) }))
    const own = new Set(members.map(({ name }) => name))
    const keys: string[] = []
    const define = (name: string, value: unknown) => {
      Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
      keys.push(name)
    }
    for (const { key, value, name } of members) {
      const of = this.#value(value, depth + 1, around)
      if (!isMergeKey(key)) define(name, of)
      else
        for (const source of Array.isArray(of) ? of : [of]) {
          const names = this.#orders.get(source)
          if (names === undefined)
            throw this.#error('"<<" takes an object, or a list of them', offsetOf(value))
          for (const name of names)
            if (!own.has(name) && !Object.hasOwn(object, name)) define(name, Reflect.get(source, name))
        }
    }
    this.#orders.set(object, keys)
    return object
  }

  #name(key: unknown, map: YAMLMap): string {
    if (yaml().isScalar(key) && (typeof key.value === 'string' || key.source !== undefined))
      return String(key.source ?? key.value)
    throw this.#error('a name must be a text', offsetOf(key) ?? offsetOf(map))
  }

  #scalar(value: unknown, at: number | undefined): unknown {
    if (typeof value === 'number' && !Number.isFinite(value)) throw this.#error('a number must be finite', at)
    if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value
    throw this.#error('a text, number or boolean was expected here', at)
  }
}

function errorAt(lines: LineCounter, message: string, offset: number): TolerantJsonError {
  const { line, col } = lines.linePos(offset)
  return new TolerantJsonError(message, Math.max(line, 1), Math.max(col, 1))
}

/** `<<` without quotes: YAML 1.1's key for the members of other objects, which this object's own ones override. */
const isMergeKey = (key: unknown): boolean =>
  yaml().isScalar(key) && key.type === 'PLAIN' && key.source === '<<'

const offsetOf = (node: unknown): number | undefined =>
  (node as { range?: readonly number[] | null } | null)?.range?.[0]

/** The library's own messages can quote the text, which may hold a key. */
const SAYINGS: Readonly<Record<string, string>> = {
  ALIAS_PROPS: 'an alias with an anchor or a tag',
  BAD_INDENT: 'wrong indentation',
  BLOCK_AS_IMPLICIT_KEY: 'a nested mapping is not allowed here; a text with ": " in it needs quotes',
  DUPLICATE_KEY: 'a name that this object already has',
  MISSING_CHAR: 'a character such as a quote, ":", "," or a bracket is missing',
  MULTILINE_IMPLICIT_KEY: 'a name must be on one line; perhaps ":" is missing',
  MULTIPLE_ANCHORS: 'two anchors on one value',
  MULTIPLE_TAGS: 'two tags on one value',
  TAB_AS_INDENT: 'a tab in the indentation; use spaces',
  TAG_RESOLVE_FAILED: 'an unknown tag, or a value that does not fit it',
  RESOURCE_EXHAUSTION: TOO_DEEP,
  UNEXPECTED_TOKEN: 'unexpected text',
  BAD_SCALAR_START: 'a text that starts with this character needs quotes',
  BAD_DQ_ESCAPE: 'an unknown escape',
}

const sayOf = (code: string): string => SAYINGS[code] ?? 'a syntax error'
