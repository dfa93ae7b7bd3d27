import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Answer } from './answer.js'
import type { Act } from './faults.js'

/** Writes an answer as the faults of the request let it. Resolves when it is written or the connection is broken. */
export async function writeAnswer(
  response: ServerResponse,
  answer: Answer | undefined,
  acts: readonly Act[],
): Promise<void> {
  const reset = acts.find((act) => act.kind === 'reset')
  if (acts.some(({ kind }) => kind === 'hang')) return ended(response)
  for (const act of acts) if (act.kind === 'delay') await wait(act.ms)
  if (answer === undefined || (reset !== undefined && reset.at !== 'answer-body')) {
    response.socket?.resetAndDestroy()
    return
  }
  const body = Buffer.from(answer.body ?? '')
  response.writeHead(answer.status, {
    ...answer.headers,
    ...(answer.status !== 204 && { 'content-length': body.length }),
  })
  if (reset !== undefined) {
    await new Promise<void>((resolve) =>
      response.write(body.subarray(0, Math.ceil(body.length / 2)), () => resolve()),
    )
    response.socket?.resetAndDestroy()
    return
  }
  const slow = acts.find((act) => act.kind === 'slow')
  if (slow !== undefined) await writeSlowly(response, body, slow)
  const written = ended(response)
  response.end(slow === undefined ? body : undefined)
  await written
}

const ended = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    response.once('close', resolve)
  })

async function writeSlowly(
  response: ServerResponse,
  body: Buffer,
  { bytes, everyMs }: { readonly bytes: number; readonly everyMs: number },
): Promise<void> {
  for (let at = 0; at < body.length && !response.destroyed; at += bytes) {
    response.write(body.subarray(at, at + bytes))
    await wait(everyMs)
  }
}

/** What happens to a request whose body is not read. */
export async function breakOff(request: IncomingMessage, response: ServerResponse, act: Act): Promise<void> {
  const closed = new Promise((resolve) => request.socket.once('close', resolve))
  if (act.kind === 'early-answer') {
    response.writeHead(act.status, { ...act.headers, connection: 'close', 'content-length': 0 })
    response.end()
  } else request.once('data', () => request.socket.resetAndDestroy())
  await closed
}
