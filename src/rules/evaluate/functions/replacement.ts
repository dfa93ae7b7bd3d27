import type { Budget } from '../budget.js'
import { type Match, patternOf } from '../pattern.js'

interface Replacing {
  readonly part: string
  readonly replacement: string
}

/** `replace()`. The budget is charged before the result is made, because it may be far longer than the text. */
export function replaced(text: string, { part, replacement }: Replacing, budget: Budget): string {
  budget.spendText(text.length + placesOf(part, text) * replacement.length)
  return text.replaceAll(part, () => replacement)
}

function placesOf(part: string, text: string): number {
  if (part === '') return text.length + 1
  let count = 0
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) count++
  return count
}

/** `replaceMatches()`, with .NET's replacement syntax: `$1`, `${name}`, `$0`, `$$`. */
export function withMatchesReplaced(text: string, { part, replacement }: Replacing, budget: Budget): string {
  const template = templateOf(replacement)
  let result = ''
  let from = 0
  for (const match of patternOf(part).matches(text, budget)) {
    result += text.slice(from, match.start)
    for (const piece of template) {
      const added = piece(match, text)
      budget.spendText(added.length)
      result += added
    }
    from = match.end
  }
  return result + text.slice(from)
}

type Piece = (match: Match, text: string) => string

const GROUP = /\$(?:\$|&|`|'|(\d{1,2})|\{(\w+)\})/g

function templateOf(replacement: string): readonly Piece[] {
  const pieces: Piece[] = []
  let from = 0
  for (const found of replacement.matchAll(GROUP)) {
    const [token, number, name] = found
    const literal = replacement.slice(from, found.index)
    pieces.push(() => literal, pieceOf(token, number ?? name))
    from = found.index + token.length
  }
  const rest = replacement.slice(from)
  return [...pieces, () => rest]
}

function pieceOf(token: string, group: string | undefined): Piece {
  if (group !== undefined) return (match) => groupText(match, group) ?? token
  switch (token) {
    case '$$':
      return () => '$'
    case '$&':
      return (match) => match.group('0') ?? ''
    case '$`':
      return ({ start }, text) => text.slice(0, start)
    default:
      return ({ end }, text) => text.slice(end)
  }
}

/** `$12` is group 12, or group 1 followed by a 2 if there are fewer groups. */
function groupText(match: Match, name: string): string | undefined {
  const whole = match.group(name)
  if (whole !== undefined || !/^\d\d$/.test(name)) return whole
  const first = match.group(name.charAt(0))
  return first === undefined ? undefined : first + name.charAt(1)
}
