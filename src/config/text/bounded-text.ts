import { constants, createReadStream, fstatSync, open } from 'node:fs'
import { Socket } from 'node:net'
import { StringDecoder } from 'node:string_decoder'
import { promisify } from 'node:util'
import { exhaustionError } from '../../environment-error.js'
import { isSluiceError, sluiceError } from '../../errors.js'

/** No configuration is longer; a device such as /dev/zero never ends. */
export const MAX_CONFIG_BYTES = 64 * 2 ** 20

/**
 * The text of a small file, also of a pipe such as `<(jq …)`. Throws what the system does, EFBIG for a long one,
 * INTERRUPTED if the signal aborts while no one writes to the pipe.
 */
export async function readBoundedText(path: string, signal?: AbortSignal): Promise<string> {
  // Opening a named pipe that no one writes to would block a thread of Node forever, and process.exit with it.
  const fd = await promisify(open)(path, constants.O_RDONLY | constants.O_NONBLOCK)
  // Either stream closes the descriptor itself, once: a second close could hit a file that another thread just opened.
  return collect(fstatSync(fd).isFIFO() ? pipeOf(fd, signal) : createReadStream(path, { fd }))
}

/** The same for a file that a user named; `what` it is begins the message. Throws CONFIG_INVALID, INTERRUPTED. */
export async function readNamedText(path: string, what: string, signal?: AbortSignal): Promise<string> {
  return readBoundedText(path, signal).catch((cause: unknown) => {
    const passed = isSluiceError(cause) ? cause : exhaustionError(cause, path)
    if (passed !== undefined) throw passed
    throw sluiceError('CONFIG_INVALID', {
      at: path,
      message: `${what} cannot be read`,
      help: 'check its path and permissions',
      cause,
    })
  })
}

function pipeOf(fd: number, signal: AbortSignal | undefined): Socket {
  const pipe = new Socket({ fd, readable: true, writable: false })
  const stop = () => pipe.destroy(sluiceError('INTERRUPTED', { message: 'interrupted' }))
  if (signal?.aborted === true) stop()
  signal?.addEventListener('abort', stop, { once: true })
  pipe.once('close', () => signal?.removeEventListener('abort', stop))
  return pipe
}

async function collect(stream: AsyncIterable<Buffer>): Promise<string> {
  const decoder = new StringDecoder('utf8')
  let text = ''
  let bytes = 0
  for await (const piece of stream) {
    bytes += piece.length
    if (bytes > MAX_CONFIG_BYTES) throw Object.assign(new Error('too long'), { code: 'EFBIG' })
    text += decoder.write(piece)
  }
  return text + decoder.end()
}
