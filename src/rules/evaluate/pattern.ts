import { createRequire } from 'node:module'
import type { RE2JS } from 're2js'
import type { Budget } from './budget.js'
import { fail } from './evaluation-error.js'
import { backtracking } from './pattern-cost.js'

const require = createRequire(import.meta.url)

/** Number of pattern attempts that count as one step. */
const TRIES_PER_STEP = 64
/** Maximum worst-case cost for the backtracking matcher: about a millisecond. Beyond it, the linear one takes over. */
const MAX_TRIES = 1 << 17

/**
 * A match: its position, and the text of a group by number or name, undefined if the pattern has no such group. Read the
 * groups before the next match.
 */
export interface Match {
  readonly start: number
  readonly end: number
  group(name: string): string | undefined
}

/**
 * A .NET regular expression: unanchored, `\d` is any decimal digit, `.` anything but a line feed. JavaScript's matcher is
 * used if it is certain to end soon. Patterns on which it might never end are matched by RE2, in linear time; a pattern
 * that RE2 does not support (lookaround, back references) fails.
 */
export class Pattern {
  readonly #backtracking: RegExp
  readonly #source: string
  readonly #cost: (length: number) => number
  #linear: RE2JS | 'unknown' | undefined

  private constructor(compiled: RegExp, source: string) {
    this.#backtracking = compiled
    this.#source = source
    this.#cost = backtracking(source)
  }

  /** Compiles a pattern; undefined if it is not a regular expression. */
  static of(text: string): Pattern | undefined {
    const source = translated(text)
    const compiled = compiledAs(source, 'gu') ?? compiledAs(text, 'g')
    return compiled && new Pattern(compiled, source)
  }

  /** Whether the pattern can be matched against no text: it may never end, and RE2 does not support it. */
  get isHopeless(): boolean {
    return this.#cost(0) === Number.POSITIVE_INFINITY && !this.#hasLinear()
  }

  isIn(text: string, budget: Budget): boolean {
    return this.matches(text, budget).next().done !== true
  }

  /** Yields all matches, from the start. */
  *matches(text: string, budget: Budget): Generator<Match> {
    const tries = this.#cost(text.length)
    budget.spendText(text.length)
    if (tries <= MAX_TRIES || !this.#hasLinear()) {
      if (this.isHopeless)
        fail(
          'its pattern may take forever: it repeats a group with choices, beside a lookaround or back reference',
        )
      budget.spend(Math.trunc(tries / TRIES_PER_STEP))
      yield* this.#byBacktracking(text)
    } else yield* this.#inLinearTime(text, budget)
  }

  #hasLinear(): boolean {
    this.#linear ??= linear(this.#source)
    return this.#linear !== 'unknown'
  }

  *#byBacktracking(text: string): Generator<Match> {
    for (const match of text.matchAll(this.#backtracking))
      yield {
        start: match.index,
        end: match.index + match[0].length,
        group: (name) => {
          if (/^\d+$/.test(name)) return Number(name) < match.length ? (match[Number(name)] ?? '') : undefined
          return match.groups !== undefined && name in match.groups ? (match.groups[name] ?? '') : undefined
        },
      }
  }

  *#inLinearTime(text: string, budget: Budget): Generator<Match> {
    if (this.#linear === undefined || this.#linear === 'unknown') return
    budget.spend(text.length)
    const matcher = this.#linear.matcher(text)
    const isGroup = (name: string): boolean =>
      /^\d+$/.test(name)
        ? Number(name) <= matcher.groupCount()
        : Object.hasOwn(matcher.getNamedGroups(), name)
    while (matcher.find())
      yield {
        start: matcher.start(),
        end: matcher.end(),
        group: (name) =>
          isGroup(name) ? (matcher.group(/^\d+$/.test(name) ? Number(name) : name) ?? '') : undefined,
      }
  }
}

function compiledAs(source: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(source, flags)
  } catch {
    return undefined
  }
}

/** Translates .NET's `\d` and, outside a class, `.`. */
function translated(text: string): string {
  let isInClass = false
  return text.replace(/\\([\s\S])|[[\].]/g, (token, escaped: string | undefined) => {
    if (escaped === 'd') return '\\p{Nd}'
    if (token === '[') isInClass = true
    else if (token === ']') isInClass = false
    return token === '.' && !isInClass ? '[^\\n]' : token
  })
}

const SPACES =
  '\\t\\n\\v\\f\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}'

/** Translates the pattern to RE2's syntax. */
function linear(source: string): RE2JS | 'unknown' {
  let isInClass = false
  const written = source.replace(/\\u([0-9a-fA-F]{4})|\\([\s\S])|[[\]]/g, (token, hex, escaped) => {
    if (hex !== undefined) return `\\x{${hex}}`
    if (escaped === 's') return isInClass ? SPACES : `[${SPACES}]`
    if (escaped === 'S' && !isInClass) return `[^${SPACES}]`
    if (token === '[') isInClass = true
    else if (token === ']') isInClass = false
    return token
  })
  try {
    return (require('re2js') as typeof import('re2js')).RE2JS.compile(written)
  } catch {
    return 'unknown'
  }
}

const MAX_KNOWN = 1_000
const known = new Map<string, Pattern>()

/** Compiles a pattern of an expression once. Fails if it is not a regular expression. */
export function patternOf(text: string): Pattern {
  let pattern = known.get(text)
  if (pattern === undefined) {
    pattern = Pattern.of(text) ?? fail('not a regular expression')
    if (known.size >= MAX_KNOWN) known.clear()
    known.set(text, pattern)
  }
  return pattern
}
