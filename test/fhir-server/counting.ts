import { type Answer, jsonAnswer } from './answer.js'

/** The requests of the entries of a Bundle whose client writes them without spaces, method first. */
const REQUEST = Buffer.from('"request":{')
const PARTS = /^"request":\{"method":"(\w+)","url":"([^"]*)"/
const MAX_REQUEST_BYTES = 512

/** `METHOD url` of each entry, found without parsing the Bundle: what a bench measures is the client. */
export function scannedLines(body: Buffer): readonly string[] {
  const lines: string[] = []
  for (let at = body.indexOf(REQUEST); at >= 0; at = body.indexOf(REQUEST, at + REQUEST.length)) {
    const [, method, url] = PARTS.exec(body.toString('latin1', at, at + MAX_REQUEST_BYTES)) ?? []
    if (method !== undefined) lines.push(`${method} ${url}`)
  }
  return lines
}

/** Says of every entry that it was created. */
export const countedAnswer = (lines: readonly string[]): Answer =>
  jsonAnswer(200, {
    resourceType: 'Bundle',
    type: 'batch-response',
    entry: lines.map((line) => ({
      response: { status: '201', location: `${line.slice(line.indexOf(' ') + 1)}/_history/1`, etag: 'W/"1"' },
    })),
  })
