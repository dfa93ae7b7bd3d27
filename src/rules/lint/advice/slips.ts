import { ExpressionError } from '../../path/tokens.js'

/** A slip: syntax of other languages, and how FHIRPath writes it. */
export interface Slip {
  readonly says: string
  /** Texts that may be meant, most likely first; they may contain further slips. */
  readonly texts: readonly string[]
}

interface SlipPattern {
  /** Pattern, matched with quoted parts blanked, so that nothing in quotes is taken for a slip. */
  readonly pattern: RegExp
  readonly says: string
  readonly mend: (found: RegExpExecArray, text: string) => readonly string[]
}

const cut =
  (by: string): SlipPattern['mend'] =>
  ({ index, 0: { length } }, text) => [replacedAt(text, index, length, by)]

const SLIPS: readonly SlipPattern[] = [
  { pattern: /[‘’“”]/, says: "texts are in straight quotes: 'text'", mend: (_, text) => [straight(text)] },
  operator(/!==|<>/, '!=', 'unequal is !='),
  operator(/===?/, '=', 'equal is ='),
  operator(/&&/, 'and', 'both conditions are joined by and'),
  operator(/\|\|/, 'or', 'alternatives are joined by or, and lists by |', '|'),
  operator(/\bAND\b/, 'and', 'operators are in lower case'),
  operator(/\bOR\b/, 'or', 'operators are in lower case'),
  {
    pattern: /(?<![.\w])not\s*\(/i,
    says: 'not() comes after its condition: (condition).not()',
    mend: negated,
  },
  {
    pattern: /!(?=\s*[A-Za-z$(])/,
    says: 'not() comes after its condition: (condition).not()',
    mend: negated,
  },
  {
    pattern: /\bin\s*\(([^()]*,[^()]*)\)/,
    says: "a list is ('a' | 'b')",
    mend: ({ index, 0: { length }, 1: list = '' }, text) => {
      const start = index + length - 1 - list.length
      const written = text.slice(start, start + list.length)
      const items = split(list).map(([from, to]) => written.slice(from, to).trim())
      return [replacedAt(text, start, list.length, items.join(' | '))]
    },
  },
  {
    pattern: /\b(?:ofType|as|is)\(\s*(['"])\s*\1\s*\)/,
    says: 'the type is a name without quotes',
    mend: ({ index, 0: { length } }, text) => [
      replacedAt(text, index, length, text.slice(index, index + length).replace(/['"]/g, '')),
    ],
  },
  { pattern: /\[\s*\*\s*\]/, says: 'a step selects all that repeats, without [*]', mend: cut('') },
  { pattern: /\.{2,}/, says: 'steps are joined by one dot', mend: cut('.') },
  { pattern: /[./]\s*$/, says: 'it ends with a separator', mend: cut('') },
  { pattern: /\.(?=\s*[)\]|=!<>,])/, says: 'a step is missing after a dot', mend: cut('') },
  { pattern: /^\s*[./]+/, says: 'it begins with a separator', mend: cut('') },
  {
    pattern: /\//,
    says: 'steps are joined by dots',
    mend: (_, text) => [text.replace(/\/+(?=[A-Za-z])/g, '.')],
  },
  { pattern: /\.\(([^()]*\|[^()]*)\)$/, says: 'a union names each path as a whole', mend: distributed },
  { pattern: /;\s*$/, says: 'it ends with a semicolon', mend: cut('') },
]

/** Maximum length searched. A longer text is hardly written by hand, and some patterns take quadratic time. */
const MAX_CHARACTERS = 2_000

/** Finds the first slip that explains why a text does not parse; undefined if there is no known one. */
export function slipIn(text: string): Slip | undefined {
  if (text.length > MAX_CHARACTERS) return undefined
  const bare = blanked(text)
  for (const { pattern, says, mend } of SLIPS) {
    const found = pattern.exec(bare)
    if (found !== null) return { says, texts: mend(found, text) }
  }
  return unclosed(bare, text)
}

/** Maximum number of slips repaired one after the other in one text. */
const MAX_SLIPS = 8

/** Returns the first text without slips that `accepted` takes. May throw ExpressionError. */
export function withoutSlips(
  text: string,
  accepted: (text: string) => string | undefined,
  left = MAX_SLIPS,
): string | undefined {
  if (left === 0) return undefined
  for (const next of slipIn(text)?.texts ?? []) {
    const taken = parses(next, accepted) ?? withoutSlips(next, accepted, left - 1)
    if (taken !== undefined) return taken
  }
  return undefined
}

function parses(text: string, accepted: (text: string) => string | undefined): string | undefined {
  try {
    return accepted(text)
  } catch (error) {
    if (error instanceof ExpressionError) return undefined
    throw error
  }
}

function operator(pattern: RegExp, right: string, says: string, otherwise?: string): SlipPattern {
  const spaced = (text: string, { index, 0: { length } }: RegExpExecArray, by: string): string => {
    const before = text.slice(0, index).trimEnd()
    const after = text.slice(index + length).trimStart()
    return `${before} ${by} ${after}`
  }
  return {
    pattern,
    says,
    mend: (found, text) => {
      // Outside a function's condition, alternatives are elements.
      const isList = otherwise !== undefined && depthAt(blanked(text), found.index) === 0
      const all = otherwise === undefined ? [right] : isList ? [otherwise, right] : [right, otherwise]
      return all.map((by) => spaced(text, found, by))
    },
  }
}

const replacedAt = (text: string, index: number, length: number, by: string): string =>
  text.slice(0, index) + by + text.slice(index + length)

const straight = (text: string): string => text.replace(/[‘’“”]/g, "'")

/** Replaces quoted parts by blanks of the same length, keeping the quotes. */
const blanked = (text: string): string =>
  text.replace(
    /'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`/g,
    (quoted) => quoted[0] + ' '.repeat(quoted.length - 2) + quoted[0],
  )

function depthAt(bare: string, end: number): number {
  let depth = 0
  for (const character of bare.slice(0, end)) depth += character === '(' ? 1 : character === ')' ? -1 : 0
  return depth
}

/** Corrects `not(x)` and `!x`. */
function negated({ index, 0: { length } }: RegExpExecArray, text: string): readonly string[] {
  const bare = blanked(text)
  const isCall = bare[index + length - 1] === '('
  const end = isCall ? closing(bare, index + length - 1) : operandEnd(bare, index + 1)
  if (end === undefined) return []
  const inner = text.slice(index + length, isCall ? end - 1 : end).trim()
  const isChain = !/\s(?:and|or|xor|implies|in|contains|is|as|div|mod)\s|[=<>~|&+*/!-]/.test(blanked(inner))
  return [replacedAt(text, index, end - index, isChain ? `${inner}.not()` : `(${inner}).not()`)]
}

/** Returns the position after the parenthesis that closes the one at `open`. */
function closing(bare: string, open: number): number | undefined {
  for (let at = open, depth = 0; at < bare.length; at++) {
    depth += bare[at] === '(' ? 1 : bare[at] === ')' ? -1 : 0
    if (depth === 0) return at + 1
  }
  return undefined
}

/** Returns the position after the steps of one path. */
function operandEnd(bare: string, start: number): number | undefined {
  let at = start
  while (at < bare.length) {
    if (bare[at] === '(') {
      const end = closing(bare, at)
      if (end === undefined) return undefined
      at = end
    } else if (/[\w.$]/.test(bare.charAt(at))) at++
    else break
  }
  return at > start ? at : undefined
}

/** Returns the ranges of the parts between commas. */
function split(bare: string): readonly (readonly [from: number, to: number])[] {
  let from = 0
  return bare.split(',').map((part) => {
    const place = [from, from + part.length] as const
    from += part.length + 1
    return place
  })
}

/** Corrects `Patient.(name | telecom)`. */
function distributed({ index, 1: list = '' }: RegExpExecArray, text: string): readonly string[] {
  const start = text.slice(0, index)
  const steps = text.slice(index + 2, index + 2 + list.length).split('|')
  return [steps.map((step) => `${start}.${step.trim()}`).join(' | ')]
}

function unclosed(bare: string, text: string): Slip | undefined {
  const depth = depthAt(bare, bare.length)
  if (depth > 0) return { says: 'a parenthesis is not closed', texts: [text + ')'.repeat(depth)] }
  if (depth < 0 && bare.endsWith(')'))
    return { says: 'a parenthesis is closed twice', texts: [text.slice(0, depth)] }
  return undefined
}
