import { fail } from '../evaluation-error.js'

const ENCODINGS: ReadonlyMap<string, BufferEncoding> = new Map([
  ['base64', 'base64'],
  ['urlbase64', 'base64url'],
  ['hex', 'hex'],
])

/** The encodings of `encode()` and `decode()`. */
export const encoding = (format: string): BufferEncoding =>
  ENCODINGS.get(format) ?? fail('an unknown encoding')

const HTML_ESCAPES: readonly (readonly [string, string])[] = [
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]

/** `escape()`, for `html` and `json`. */
export function escaped(text: string, format: string): string {
  if (format === 'json') return JSON.stringify(text).slice(1, -1)
  if (format !== 'html') return fail('an unknown escape format')
  return HTML_ESCAPES.reduce((result, [character, entity]) => result.replaceAll(character, entity), text)
}

export function unescaped(text: string, format: string): string {
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
