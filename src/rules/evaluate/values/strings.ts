import { endsWithCultureAware, startsWithCultureAware, trimText } from '../../../fhir/text.js'
import { boolean, fail, type Items, integer, string } from './item.js'

/** A function on a text: its texts and integers come after it; a missing optional one is undefined. */
type StringFunction = (text: string, first: string, second: string) => Items
type IndexFunction = (text: string, first: number, second: number | undefined) => Items

/** Functions on one text that take texts. */
export const STRING_FUNCTIONS: Readonly<Record<string, StringFunction>> = {
  length: (text) => [integer(text.length)],
  upper: (text) => [string(text.toUpperCase())],
  lower: (text) => [string(text.toLowerCase())],
  toChars: (text) => text.split('').map(string),
  trim: (text) => [string(trimText(text))],
  indexOf: (text, part) => [integer(text.indexOf(part))],
  lastIndexOf: (text, part) => [integer(text.lastIndexOf(part))],
  startsWith: (text, start) => [boolean(startsWithCultureAware(text, start))],
  endsWith: (text, end) => [boolean(endsWithCultureAware(text, end))],
  contains: (text, part) => [boolean(text.includes(part))],
  matches: (text, pattern) => [boolean(regex(pattern, '').test(text))],
  replace: (text, part, replacement) => [string(text.replaceAll(part, () => replacement))],
  replaceMatches: (text, pattern, replacement) => [
    string(text.replace(regex(pattern, 'g'), replacementTemplate(replacement))),
  ],
  split: (text, separator) => text.split(separator).map(string),
  encode: (text, format) => [string(Buffer.from(text).toString(encoding(format)))],
  decode: (text, format) => [string(Buffer.from(text, encoding(format)).toString())],
  escape: (text, format) => [string(escaped(text, format))],
  unescape: (text, format) => [string(unescaped(text, format))],
}

/** Functions on one text that take integers. */
export const INDEX_FUNCTIONS: Readonly<Record<string, IndexFunction>> = {
  substring: (text, start, length) => {
    if (start < 0 || start >= text.length) return []
    if (length !== undefined && length <= 0) return [string('')]
    return [string(text.slice(start, length === undefined ? undefined : start + length))]
  },
}

const regex = (pattern: string, flags: string): RegExp => {
  const compiled = patternOf(pattern, flags)
  return compiled === 'invalid' ? fail('not a regular expression') : compiled
}

/** A .NET pattern: unanchored, `\d` is any decimal digit; `invalid` where it is not a JavaScript one. */
export function patternOf(pattern: string, flags = ''): RegExp | 'invalid' {
  const unicode = pattern.replace(/\\([\s\S])/g, (whole, character) =>
    character === 'd' ? '\\p{Nd}' : whole,
  )
  try {
    return new RegExp(unicode, `${flags}u`)
  } catch {
    try {
      return new RegExp(pattern, flags)
    } catch {
      return 'invalid'
    }
  }
}

/** `${name}` and `$0` of .NET as JavaScript writes them. */
const replacementTemplate = (text: string): string =>
  text.replace(/\$\{(\w+)\}|\$0/g, (whole, name: string | undefined) =>
    name === undefined || name === '0'
      ? '$&'
      : /^\d+$/.test(name)
        ? `$${name}`
        : whole.replace(/\{(\w+)\}/, '<$1>'),
  )

const ENCODINGS: Readonly<Record<string, BufferEncoding>> = {
  base64: 'base64',
  urlbase64: 'base64url',
  hex: 'hex',
}

const encoding = (format: string): BufferEncoding =>
  Object.hasOwn(ENCODINGS, format) ? ENCODINGS[format] : fail('an unknown encoding')

const HTML_ESCAPES: readonly (readonly [string, string])[] = [
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]

function escaped(text: string, format: string): string {
  if (format === 'json') return JSON.stringify(text).slice(1, -1)
  if (format !== 'html') return fail('an unknown escape format')
  return HTML_ESCAPES.reduce((result, [character, entity]) => result.replaceAll(character, entity), text)
}

function unescaped(text: string, format: string): string {
  if (format === 'html')
    return HTML_ESCAPES.reduceRight(
      (result, [character, entity]) => result.replaceAll(entity, character),
      text,
    )
  if (format !== 'json') return fail('an unknown escape format')
  try {
    return String(JSON.parse(`"${text}"`))
  } catch {
    return fail('not an escaped text')
  }
}
