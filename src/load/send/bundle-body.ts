import type { LoadBundle } from '../bundle.js'
import type { EntryMethod, Prepared } from '../prepared.js'

/** The JSON of a Bundle. Resources are copied as they are. It is a part of the buffer that `take` gives. */
export function bundleBody(
  { type, entries }: Pick<LoadBundle, 'type' | 'entries'>,
  take: (bytes: number) => Buffer = Buffer.allocUnsafe,
): Buffer {
  const opening = `{"resourceType":"Bundle","type":"${type}","entry":[`
  const json = take(entries.reduce((sum, { prepared }) => sum + maxBytesOf(prepared), opening.length + 2))
  let at = put(json, 0, opening)
  for (const [place, { prepared }] of entries.entries()) {
    const { method, url, fullUrl, body } = prepared
    at = put(json, at, place === 0 ? '{' : ',{')
    if (fullUrl !== undefined) at = put(json, at, `"fullUrl":${JSON.stringify(fullUrl)},`)
    if (body.length > 0) {
      at = put(json, at, '"resource":')
      json.set(body, at)
      at = put(json, at + body.length, ',')
    }
    at = put(json, at, METHODS[method])
    at = putQuoted(json, at, url)
    at = put(json, at, conditionsOf(prepared))
    at = put(json, at, '}}')
  }
  return json.subarray(0, put(json, at, ']}'))
}

const METHODS: Readonly<Record<EntryMethod, string>> = {
  PUT: '"request":{"method":"PUT","url":',
  POST: '"request":{"method":"POST","url":',
  DELETE: '"request":{"method":"DELETE","url":',
  PATCH: '"request":{"method":"PATCH","url":',
}

function conditionsOf({ ifNoneMatch, ifMatch, ifNoneExist }: Prepared): string {
  if (ifNoneExist === undefined && ifMatch === undefined && ifNoneMatch === undefined) return ''
  return Object.entries({ ifNoneMatch, ifMatch, ifNoneExist })
    .map(([name, value]) => (value === undefined ? '' : `,"${name}":${JSON.stringify(value)}`))
    .join('')
}

/** Writes a text and returns where it ends. Short texts of ASCII are faster by hand. */
function put(json: Buffer, at: number, text: string): number {
  for (let n = 0; n < text.length; n += 1) {
    const unit = text.charCodeAt(n)
    if (unit > 0x7f) return at + json.write(text, at)
    json[at + n] = unit
  }
  return at + text.length
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Writes a text as JSON and returns where it ends. */
function putQuoted(json: Buffer, at: number, text: string): number {
  json[at] = QUOTE
  for (let n = 0; n < text.length; n += 1) {
    const unit = text.charCodeAt(n)
    if (unit > 0x7e || unit < 0x20 || unit === QUOTE || unit === BACKSLASH)
      return put(json, at, JSON.stringify(text))
    json[at + 1 + n] = unit
  }
  json[at + 1 + text.length] = QUOTE
  return at + text.length + 2
}

// A control character is spelled \u0000.
const MAX_BYTES_OF_UNIT = 6
// All names and signs around the values, of an entry that has every one of them.
const MAX_BYTES_AROUND = 200

const maxBytesOf = ({ body, url, fullUrl, ifNoneExist, ifMatch, ifNoneMatch }: Prepared): number =>
  body.length +
  MAX_BYTES_AROUND +
  MAX_BYTES_OF_UNIT *
    (url.length +
      (fullUrl?.length ?? 0) +
      (ifNoneExist?.length ?? 0) +
      (ifMatch?.length ?? 0) +
      (ifNoneMatch?.length ?? 0))

const SPACE_FOR_REQUEST = 80
const SPACE_FOR_NAME = 20

/** About how many bytes an entry takes in the JSON of a Bundle. */
export const entryBytes = ({ body, url, fullUrl, ifNoneExist, ifMatch, ifNoneMatch }: Prepared): number =>
  body.length +
  SPACE_FOR_REQUEST +
  textBytes(url) +
  textBytes(fullUrl) +
  textBytes(ifNoneExist) +
  textBytes(ifMatch) +
  textBytes(ifNoneMatch)

const textBytes = (text: string | undefined): number =>
  text === undefined ? 0 : Buffer.byteLength(text) + SPACE_FOR_NAME
