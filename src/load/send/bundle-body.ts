import type { LoadBundle } from '../bundle.js'
import type { Prepared } from '../prepared.js'

/** The JSON of a Bundle. Resources are copied as they are. */
export function bundleBody({ type, entries }: Pick<LoadBundle, 'type' | 'entries'>): Buffer {
  const heads: string[] = []
  const tails: string[] = []
  const opening = `{"resourceType":"Bundle","type":"${type}","entry":[`
  let bytes = opening.length + CLOSING.length + Math.max(0, entries.length - 1)
  for (const { prepared } of entries) {
    const head = headOf(prepared)
    const tail = tailOf(prepared)
    heads.push(head)
    tails.push(tail)
    bytes += Buffer.byteLength(head) + prepared.body.length + Buffer.byteLength(tail)
  }
  const json = Buffer.allocUnsafe(bytes)
  let at = json.write(opening, 'latin1')
  for (const [index, { prepared }] of entries.entries()) {
    if (index > 0) json[at++] = COMMA
    at += json.write(heads[index] as string, at)
    at += prepared.body.copy(json, at)
    at += json.write(tails[index] as string, at)
  }
  json.write(CLOSING, at, 'latin1')
  return json
}

const CLOSING = ']}'
const COMMA = 0x2c
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
