/** Trims as .NET does: U+0085 is white space and U+FEFF is not, which is the reverse of JavaScript. */
export function trimText(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isWhiteSpace(text.charCodeAt(start))) start++
  while (end > start && isWhiteSpace(text.charCodeAt(end - 1))) end--
  return start === 0 && end === text.length ? text : text.slice(start, end)
}

const isWhiteSpace = (code: number): boolean => {
  if (code <= 0x20) return code === 0x20 || (code >= 0x09 && code <= 0x0d)
  return code >= 0x85 && WIDE_SPACES.has(code)
}

const WIDE_SPACES = new Set([
  0x85, 0xa0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a,
  0x2028, 0x2029, 0x202f, 0x205f, 0x3000,
])

const EXTRA_ESCAPES = /[\x85\u2028\u2029]/g

/** Returns a JSON string token of the trimmed text, escaped as the original's writer does (law 15.3). */
export function jsonString(text: string): string {
  return JSON.stringify(trimText(text)).replace(
    EXTRA_ESCAPES,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

const NON_ASCII = /[^\0-\x7f]/
/** Characters that the Unicode collation algorithm ignores. */
const IGNORABLE = /[\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/g

/**
 * .NET's culture-aware `StartsWith`: canonically equivalent texts are equal, and invisible characters are ignored.
 */
export function startsWithCultureAware(text: string, start: string): boolean {
  if (!NON_ASCII.test(text) && !NON_ASCII.test(start)) return text.startsWith(start)
  return comparable(text).startsWith(comparable(start))
}

export function endsWithCultureAware(text: string, end: string): boolean {
  if (!NON_ASCII.test(text) && !NON_ASCII.test(end)) return text.endsWith(end)
  return comparable(text).endsWith(comparable(end))
}

const comparable = (text: string): string => text.replace(IGNORABLE, '').normalize('NFC')
