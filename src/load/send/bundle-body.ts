import type { LoadBundle } from '../bundle.js'
import type { Prepared } from '../prepared.js'

/** The JSON of a Bundle. Resources are copied as they are. */
export function bundleBody({ type, entries }: Pick<LoadBundle, 'type' | 'entries'>): Buffer {
  const opening = `{"resourceType":"Bundle","type":"${type}","entry":[`
  const texts: string[] = []
  let bytes = opening.length + CLOSING.length
  for (const [place, { prepared }] of entries.entries()) {
    const head = `${place === 0 ? '' : ','}${headOf(prepared)}`
    const tail = tailOf(prepared)
    texts.push(head, tail)
    bytes += (head.length + tail.length) * MAX_BYTES_OF_UNIT + prepared.body.length
  }
  const json = Buffer.allocUnsafe(bytes)
  let at = put(json, 0, opening)
  for (const [place, { prepared }] of entries.entries()) {
    at = put(json, at, texts[2 * place] as string)
    json.set(prepared.body, at)
    at = put(json, at + prepared.body.length, texts[2 * place + 1] as string)
  }
  return json.subarray(0, put(json, at, CLOSING))
}

const CLOSING = ']}'
// Of a UTF-16 code unit in UTF-8.
const MAX_BYTES_OF_UNIT = 3

/** Writes a text and returns where it ends. Short texts of ASCII are faster by hand. */
function put(json: Buffer, at: number, text: string): number {
  for (let n = 0; n < text.length; n += 1) {
    const unit = text.charCodeAt(n)
    if (unit > 0x7f) return at + json.write(text, at)
    json[at + n] = unit
  }
  return at + text.length
}

const SPACE_FOR_REQUEST = 80

/** About how many bytes an entry takes in the JSON of a Bundle. */
export const entryBytes = ({ body, url, fullUrl, ifNoneExist, ifMatch, ifNoneMatch }: Prepared): number => {
  const texts = [url, fullUrl, ifNoneExist, ifMatch, ifNoneMatch].filter((text) => text !== undefined)
  const textBytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text) + SPACE_FOR_REQUEST, 0)
  return body.length + SPACE_FOR_REQUEST + textBytes
}

const headOf = ({ fullUrl, body }: Prepared): string =>
  `{${fullUrl === undefined ? '' : `"fullUrl":${JSON.stringify(fullUrl)},`}${body.length === 0 ? '' : '"resource":'}`

function tailOf({ method, url, ifNoneExist, ifMatch, ifNoneMatch, body }: Prepared): string {
  const conditions =
    ifNoneExist === undefined && ifMatch === undefined && ifNoneMatch === undefined
      ? ''
      : Object.entries({ ifNoneMatch, ifMatch, ifNoneExist })
          .map(([name, value]) => (value === undefined ? '' : `,"${name}":${JSON.stringify(value)}`))
          .join('')
  return `${body.length === 0 ? '' : ','}"request":{"method":"${method}","url":${JSON.stringify(url)}${conditions}}}`
}
