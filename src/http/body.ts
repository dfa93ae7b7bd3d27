import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { isRecord } from '../json/record.js'
import { type HttpAnswer, wrongAnswer } from './answer.js'
import { FAILED, RequestFailure, requestFailure } from './request-failure.js'

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
  // Some servers call a file of no bytes gzip, too.
  return readPieces(body, body.pipe(gunzip), () => body.complete && gunzip.bytesWritten === 0)
}

const MAX_HELD_BYTES = 2 ** 20

/** By events, not by iteration: that one stops and starts the connection at every piece, or joins pieces by a copy. */
function readPieces(body: IncomingMessage, decoded: Readable, isEmpty = () => false): Pieces {
  const held: Uint8Array[] = []
  let heldBytes = 0
  let ended: { readonly failure: RequestFailure | undefined } | undefined
  let wake = (): void => {}
  const end = (failure?: RequestFailure): void => {
    ended ??= { failure }
    wake()
  }
  decoded.on('data', (piece: Uint8Array) => {
    held.push(piece)
    heldBytes += piece.length
    if (heldBytes > MAX_HELD_BYTES) decoded.pause()
    wake()
  })
  decoded.on('error', (error) => end(isEmpty() ? undefined : cutShort(error)))
  decoded.on('end', () => end(body.complete ? undefined : new RequestFailure({ code: FAILED.shortBody })))
  decoded.on('close', () => {
    if (ended === undefined) end(new RequestFailure({ code: FAILED.shortBody }))
  })
  return {
    async next() {
      while (held.length === 0 && ended === undefined)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      const piece = held.shift()
      if (piece === undefined) {
        if (ended?.failure !== undefined) throw ended.failure
        return undefined
      }
      heldBytes -= piece.length
      if (heldBytes <= MAX_HELD_BYTES / 2 && decoded.isPaused()) decoded.resume()
      return piece
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

/** The whole body as text. Throws RequestFailure, not to be retried, for one longer than `maxBytes`. */
export async function textOf(answer: HttpAnswer, maxBytes: number): Promise<string> {
  const pieces = piecesOf(answer)
  const held: Uint8Array[] = []
  let bytes = 0
  try {
    for (let piece = await pieces.next(); piece !== undefined; piece = await pieces.next()) {
      bytes += piece.length
      if (bytes > maxBytes) throw wrongAnswer('BODY_TOO_LONG', answer.status)
      held.push(piece)
    }
  } finally {
    pieces.close()
  }
  return Buffer.concat(held).toString('utf8')
}

/** Reads a body as a JSON object; undefined if it is not one. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The objects in a list that another program wrote; anything else in it is left out. */
export const objectsIn = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.filter((entry) => typeof entry === 'object' && entry !== null) : []
