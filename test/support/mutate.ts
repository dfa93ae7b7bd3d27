import { elementAt } from './elements.js'
import type { Random } from './random.js'

const TOKENS = /"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s"[\]{},:]+|\s+/gs

// What is put in place of a token, or between two: values of every kind, odd numbers and strings, bits of syntax.
const PIECES = [
  'null', 'true', 'false', '0', '-0', '1.50', '1e400', '01', '1.', '.5', '+1', '-', 'NaN', 'nul', 'tru',
  '9007199254740993', '"x"', '""', '" "', '"\\ud800"', '"\\u12"', '"\\x"', '"\\u0000"', '"a\tb"', '"\u2028"',
  "'x'", '{}', '[]', '[null]', '[{}]', '[[]]', '{"a":1}', '{"id":"x"}', '{"resourceType":"Patient"}', ',', ':',
  '{', '}', '[', ']', '"', '\\', '//x', '/**/', '\ufeff', '\r', '\t', ' ', '\u00a0', '\u0000', '"__proto__"',
  '"constructor"', '"resourceType"', '"id"', '"meta"', '"_id"', '"extension"', '"valueString"', '"Patient"',
] as const // biome-ignore format: a table of short things

const BAD_BYTES = [
  [0xff],
  [0xc0, 0x80],
  [0xed, 0xa0, 0x80],
  [0xe2, 0x82],
  [0xf4, 0x90, 0x80, 0x80],
  [0x80],
  [0xf0],
]

type Mutation = (random: Random, line: Buffer) => Buffer

/** A line with one to three things changed: some changes keep it valid, most do not. */
export function mutated(random: Random, line: string): Buffer {
  let bytes = Buffer.from(line)
  const count = random.pick([1, 1, 1, 2, 3])
  for (let k = 0; k < count; k++) bytes = Buffer.from(random.pick(MUTATIONS)(random, bytes))
  return bytes
}

/** Does something with the tokens of a line and their places. */
const onTokens =
  (change: (random: Random, tokens: string[]) => void): Mutation =>
  (random, line) => {
    const tokens = line.toString('utf8').match(TOKENS) ?? []
    change(random, tokens)
    return Buffer.from(tokens.join(''))
  }

const anyPlace = (random: Random, tokens: readonly string[]): number => random.below(tokens.length + 1)

/** The index of a random token that fits, or -1. */
function find(
  random: Random,
  tokens: readonly string[],
  fits: (token: string, index: number) => boolean,
): number {
  const indices = tokens.flatMap((token, index) => (fits(token, index) ? [index] : []))
  return indices.length === 0 ? -1 : random.pick(indices)
}

const isKey = (tokens: readonly string[], index: number): boolean =>
  elementAt(tokens, index).startsWith('"') &&
  tokens
    .slice(index + 1, index + 3)
    .join('')
    .trimStart()
    .startsWith(':')

/** From a key to the end of its value; undefined where the line is too broken to tell. */
function memberSpan(tokens: readonly string[], key: number): [start: number, end: number] | undefined {
  let depth = 0
  for (let k = key + 1; k < tokens.length; k++) {
    if (tokens[k] === '{' || tokens[k] === '[') depth++
    if (tokens[k] === '}' || tokens[k] === ']') depth--
    if (depth < 0 || (depth === 0 && tokens[k] === ',')) return [key, k]
  }
  return undefined
}

const truncate: Mutation = (random, line) => line.subarray(0, random.below(line.length + 1))

const flipByte: Mutation = (random, line) => {
  const copy = Buffer.from(line)
  if (copy.length > 0) copy[random.below(copy.length)] = random.below(256)
  return copy
}

const insertBytes: Mutation = (random, line) => {
  const at = random.below(line.length + 1)
  return Buffer.concat([line.subarray(0, at), Buffer.from(random.pick(BAD_BYTES)), line.subarray(at)])
}

const insertPiece = onTokens((random, tokens) => {
  tokens.splice(anyPlace(random, tokens), 0, random.pick(PIECES))
})

const replaceToken = onTokens((random, tokens) => {
  const at = find(random, tokens, (token) => token.trim() !== '')
  if (at >= 0) tokens[at] = random.pick(PIECES)
})

const replaceValue = onTokens((random, tokens) => {
  const at = find(random, tokens, (token, k) => /^["\d\w-]/.test(token) && !isKey(tokens, k))
  if (at >= 0) tokens[at] = random.pick(PIECES)
})

const renameKey = onTokens((random, tokens) => {
  const at = find(random, tokens, (_, k) => isKey(tokens, k))
  const other = find(random, tokens, (_, k) => isKey(tokens, k))
  if (at >= 0)
    tokens[at] = random.pick([
      elementAt(tokens, other),
      '"__proto__"',
      '"toString"',
      `"_${elementAt(tokens, at).slice(1)}`,
      '""',
    ])
})

const removeToken = onTokens((random, tokens) => {
  tokens.splice(random.below(tokens.length), 1)
})

const removeMember = onTokens((random, tokens) => {
  const key = find(random, tokens, (_, k) => isKey(tokens, k))
  const span = key < 0 ? undefined : memberSpan(tokens, key)
  if (span !== undefined) tokens.splice(span[0], span[1] - span[0] + (tokens[span[1]] === ',' ? 1 : 0))
})

const repeatMember = onTokens((random, tokens) => {
  const key = find(random, tokens, (_, k) => isKey(tokens, k))
  const span = key < 0 ? undefined : memberSpan(tokens, key)
  const to = find(random, tokens, (_, k) => isKey(tokens, k))
  if (span !== undefined) tokens.splice(random.chance(0.5) ? span[0] : to, 0, ...tokens.slice(...span), ',')
})

/** `resourceType`, `id` and `meta` to another place of their object, or any member to any place. */
const moveMember = onTokens((random, tokens) => {
  const named = (token: string): boolean => ['"resourceType"', '"id"', '"meta"'].includes(token)
  const wanted = random.chance(0.7) ? named : () => true
  const key = find(random, tokens, (token, k) => wanted(token) && isKey(tokens, k))
  const span = key < 0 ? undefined : memberSpan(tokens, key)
  if (span === undefined || tokens[span[1]] !== ',') return
  const taken = tokens.splice(span[0], span[1] - span[0] + 1)
  tokens.splice(
    find(random, tokens, (_, k) => isKey(tokens, k)),
    0,
    ...taken,
  )
})

const escapeSome = onTokens((random, tokens) => {
  const at = find(random, tokens, (token) => /^"[^"\\]+"$/.test(token))
  if (at < 0) return
  const k = random.between(1, elementAt(tokens, at).length - 2)
  const hex = elementAt(tokens, at).charCodeAt(k).toString(16).padStart(4, '0')
  tokens[at] =
    `${elementAt(tokens, at).slice(0, k)}\\u${random.chance(0.5) ? hex.toUpperCase() : hex}${elementAt(tokens, at).slice(k + 1)}`
})

const addSpace = onTokens((random, tokens) => {
  const count = random.between(1, 20)
  for (let k = 0; k < count; k++)
    tokens.splice(anyPlace(random, tokens), 0, random.pick([' ', '\t', '\r', '\r\n']))
})

const nest = onTokens((random, tokens) => {
  const at = find(random, tokens, (token, k) => token === '{' || (token === '[' && k > 0))
  const depth = random.pick([1, 2, 240, 250, 254, 255, 256, 257, 300, 5000])
  if (at >= 0)
    tokens.splice(at, 0, ...Array<string>(depth).fill(random.pick(['[', '{"extension":[', '{"a":'])))
})

/** Extensions in extensions, closed: valid as far as the depth limit goes. */
const nestExtensions = onTokens((random, tokens) => {
  const at = tokens.indexOf('{')
  const depth = random.pick([1, 10, 126, 127, 128, 129, 300])
  const open = '{"url":"x","extension":['.repeat(depth)
  if (at >= 0) tokens.splice(at + 1, 0, `"extension":[${open}{"url":"y"}${']}'.repeat(depth)}],`)
})

const lengthen = onTokens((random, tokens) => {
  const at = find(random, tokens, (token) => token.startsWith('"'))
  if (at >= 0)
    tokens[at] = `"${random.pick(['x', 'é', '\\n', '\\\\', '\\"', '😀']).repeat(random.between(1, 3000))}"`
})

const atTheEnds: Mutation = (random, line) => {
  const bits = ['\ufeff', '\r', ' ', '\n', '\t', '\u0000', ',', '{}', 'x', '\u2028', '//']
  const bit = Buffer.from(random.pick(bits))
  return Buffer.concat(random.chance(0.5) ? [bit, line] : [line, bit])
}

const MUTATIONS: readonly Mutation[] = [
  truncate, flipByte, insertBytes, insertPiece, replaceToken, replaceValue, replaceValue, renameKey, removeToken,
  removeMember, repeatMember, moveMember, moveMember, escapeSome, escapeSome, addSpace, addSpace, nest,
  nestExtensions, lengthen, atTheEnds,
] // biome-ignore format: a table of short things
