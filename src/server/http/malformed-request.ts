import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type HttpAnswer, outcomeAnswer } from './http-message.js'

/**
 * Answers what never becomes a request: text that is not HTTP, headers that are too large, a request that does not
 * arrive in time. Then it closes the connection, because it cannot know where the next request would begin.
 */
export function answerMalformed({ code }: { readonly code?: string }, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const { status, headers, body } = malformed(code)
  const text = typeof body === 'string' ? body : ''
  const head = { ...headers, 'content-length': String(Buffer.byteLength(text)), connection: 'close' }
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`)
  const answer = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${text}`
  socket.end(answer, () => socket.destroy())
}

function malformed(code: string | undefined): HttpAnswer {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return outcomeAnswer(408, {
      severity: 'error',
      code: 'timeout',
      text: 'The request did not arrive in time.',
    })
  if (code === 'HPE_HEADER_OVERFLOW')
    return outcomeAnswer(431, {
      severity: 'error',
      code: 'too-costly',
      text: 'The headers and the URL of the request are too large.',
    })
  return outcomeAnswer(400, { severity: 'error', code: 'invalid', text: 'The request is not valid HTTP.' })
}

/** Refuses an `Expect` header other than `100-continue`. */
export function answerExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const { status, headers, body } = outcomeAnswer(417, {
    severity: 'error',
    code: 'not-supported',
    text: 'Expect must be 100-continue.',
  })
  response.writeHead(status, { ...headers, connection: 'close' }).end(body)
}
