import type { IncomingMessage } from 'node:http'
import { createGunzip } from 'node:zlib'
import { FAILED, RequestFailure } from '../retry.js'
import { type HttpAnswer, requestFailure, wrongAnswer } from './http.js'

/** A body piece by piece, decoded. A piece may be kept until the next one is asked for. */
export interface Pieces {
  /** Undefined at the end. Throws RequestFailure for a body that is cut short, stalled, or no gzip. */
  next(): Promise<Uint8Array | undefined>
  close(): void
}

/** Decodes gzip where the answer says so. Throws RequestFailure for another encoding. */
export function piecesOf({ status, header, body }: HttpAnswer): Pieces {
  const encoding = header('content-encoding')?.trim().toLowerCase() ?? 'identity'
  if (encoding === 'identity' || encoding === '') return readPieces(body, body)
  if (encoding !== 'gzip' && encoding !== 'x-gzip') {
    body.destroy()
    throw wrongAnswer('UNKNOWN_ENCODING', status)
  }
  const gunzip = createGunzip({ chunkSize: 256 * 1024 })
  body.on('error', (error) => gunzip.destroy(error))
  return readPieces(body, body.pipe(gunzip))
}

function readPieces(body: IncomingMessage, decoded: AsyncIterable<Uint8Array>): Pieces {
  const pieces = decoded[Symbol.asyncIterator]()
  return {
    async next() {
      try {
        const { done, value } = await pieces.next()
        if (done !== true) return value
      } catch (error) {
        throw cutShort(error)
      }
      // Node ends the iteration of some aborted bodies without an error.
      if (!body.complete) throw new RequestFailure({ code: FAILED.shortBody })
      return undefined
    },
    close: () => void body.destroy(),
  }
}

/** A body that ends too early, whichever way it shows. */
function cutShort(error: unknown): RequestFailure {
  const code = (error as { code?: unknown } | null)?.code
  return code === 'Z_BUF_ERROR' || code === 'Z_DATA_ERROR'
    ? new RequestFailure({ code: FAILED.shortBody })
    : requestFailure(error)
}

/** The whole body as text. Throws RequestFailure, not to be retried, for one longer than `mostBytes`. */
export async function textOf(answer: HttpAnswer, mostBytes: number): Promise<string> {
  const pieces = piecesOf(answer)
  const held: Uint8Array[] = []
  let bytes = 0
  try {
    for (let piece = await pieces.next(); piece !== undefined; piece = await pieces.next()) {
      bytes += piece.length
      if (bytes > mostBytes) throw wrongAnswer('BODY_TOO_LONG', answer.status)
      held.push(piece)
    }
  } finally {
    pieces.close()
  }
  return Buffer.concat(held).toString('utf8')
}

/** Undefined for a body that is no JSON object. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
