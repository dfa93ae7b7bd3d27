import { elementAt } from './elements.js'
import type { Random } from './random.js'
import { rawItems, rawMembers } from './raw-json.js'

/** What may change in a JSON text without changing what it says. */
export interface Respelling {
  /** Put the members of every object in another order. */
  readonly order?: boolean
  /** White space between tokens. */
  readonly spaces?: boolean
  /** Some characters of keys and strings as escapes. */
  readonly escapes?: boolean
}

/** The same JSON written differently; numbers keep their text. */
export function respelled(random: Random, text: string, how: Respelling): string {
  const space = (): string =>
    how.spaces === true && random.chance(0.3) ? random.pick([' ', '\t', '\r\n', '  ']) : ''
  const joined = (parts: readonly string[]): string => space() + parts.join(`${space()},${space()}`) + space()
  const string = (token: string): string =>
    how.escapes === true && random.chance(0.2) ? escaped(random, token) : token
  const value = (token: string): string => {
    if (token.startsWith('"')) return string(token)
    if (token.startsWith('[')) return `[${joined(rawItems(token).map(value))}]`
    if (!token.startsWith('{')) return token
    const members = how.order === true ? random.shuffled(rawMembers(token)) : rawMembers(token)
    const written = members.map(
      ([key, v]) => `${string(JSON.stringify(key))}${space()}:${space()}${value(v)}`,
    )
    return `{${joined(written)}}`
  }
  return space() + value(text) + space()
}

/** One plain character of a string token as `\uXXXX`. */
function escaped(random: Random, token: string): string {
  if (token.length < 3 || token.includes('\\')) return token
  const k = random.between(1, token.length - 2)
  // Half a surrogate pair would leave the other half alone.
  if (/[\ud800-\udfff]/.test(elementAt(token, k))) return token
  const hex = token.charCodeAt(k).toString(16).padStart(4, '0')
  return `${token.slice(0, k)}\\u${random.chance(0.5) ? hex.toUpperCase() : hex}${token.slice(k + 1)}`
}
