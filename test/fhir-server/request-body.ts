import type { IncomingMessage } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { Refusal } from './refusal.js'

/** Reads and unpacks a body. Throws 413 where it is too large, and what broke the connection. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  // The connection has to outlive a body that is too large, so that its client can read the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBytes) {
      request.resume()
      throw tooLarge()
    }
    chunks.push(chunk)
  }
  const bytes = Buffer.concat(chunks)
  const encoding = request.headers['content-encoding'] ?? 'identity'
  if (encoding === 'identity') return bytes
  if (encoding !== 'gzip') throw new Refusal(415, 'not-supported', 'the content encoding is not supported')
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes })
  } catch (error) {
    const isLarge = error instanceof RangeError
    throw isLarge ? tooLarge() : new Refusal(400, 'structure', 'the body is not gzip')
  }
}

const tooLarge = (): Refusal => new Refusal(413, 'too-costly', 'the body is too large')
