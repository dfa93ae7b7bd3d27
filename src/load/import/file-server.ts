import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sluiceError } from '../../errors.js'
import type { Source, SourceItem } from '../../storage/store.js'

/** Serves the staged files of one import to a server that fetches them. */
export interface FileServer {
  readonly port: number
  urlOf(name: string): string
  close(): Promise<void>
}

export interface FileServerOptions {
  readonly host: string
  /** 0 for a free one. */
  readonly port: number
  readonly source: Source
  /** The only names that are served. Nobody can guess them. */
  readonly names: ReadonlySet<string>
}

const CONTENT_TYPE = 'application/fhir+ndjson'
const READ_BYTES = 256 * 1024
const IDLE_MS = 300_000

/** Listens at an address and serves GET and HEAD, also of a range. Throws USAGE if the address cannot be used. */
export async function serveFiles({ host, port, source, names }: FileServerOptions): Promise<FileServer> {
  const server = createServer((request, response) => {
    answer(request, response, { source, names }).catch(() => response.destroy())
  })
  server.setTimeout(IDLE_MS)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(unusable(`${host}:${port}`, cause)))
    server.listen(port, host, resolve)
  })
  const bound = (server.address() as AddressInfo).port
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${bound}`
  return {
    port: bound,
    urlOf: (name) => `${origin}/${name}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(
  { method, url = '', headers }: IncomingMessage,
  response: ServerResponse,
  { source, names }: Pick<FileServerOptions, 'source' | 'names'>,
): Promise<void> {
  const name = url.slice(1)
  const item = names.has(name) ? await source.head(name) : undefined
  if (item === undefined) return void response.writeHead(404).end()
  if (method !== 'GET' && method !== 'HEAD') return void response.writeHead(405, { allow: 'GET, HEAD' }).end()
  const etag = `"${Buffer.from(item.version).toString('base64url')}"`
  const isStale = headers['if-range'] !== undefined && headers['if-range'] !== etag
  const range = isStale ? undefined : rangeOf(headers.range, item.bytes)
  const shared = { 'content-type': CONTENT_TYPE, 'accept-ranges': 'bytes', etag }
  if (range === 'unsatisfiable')
    return void response.writeHead(416, { ...shared, 'content-range': `bytes */${item.bytes}` }).end()
  const { from, to } = range ?? { from: 0, to: item.bytes }
  response.writeHead(range === undefined ? 200 : 206, {
    ...shared,
    'content-length': to - from,
    ...(range && { 'content-range': `bytes ${from}-${to - 1}/${item.bytes}` }),
  })
  if (method === 'GET') await send(response, source, { item, from, to })
  response.end()
}

/** Half-open. */
interface Range {
  readonly from: number
  readonly to: number
}

/** Reads a `Range` of one range (RFC 9110, 14.2); any other asks for the whole. */
function rangeOf(header: string | undefined, bytes: number): Range | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  const [, first = '', last = ''] = match ?? []
  if (first === '' && last === '') return undefined
  const from = first === '' ? Math.max(0, bytes - Number(last)) : Number(first)
  const to = first === '' || last === '' ? bytes : Math.min(bytes, Number(last) + 1)
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined
  return from < to ? { from, to } : 'unsatisfiable'
}

/** A failed read breaks the connection, so that the other side sees that bytes are missing. */
async function send(
  response: ServerResponse,
  source: Source,
  { item, from, to }: Range & { readonly item: SourceItem },
): Promise<void> {
  const reader = await source.open(item, from)
  try {
    for (let left = to - from; left > 0 && !response.destroyed; ) {
      const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, left))
      const count = await reader.read(buffer)
      if (count === 0) throw new Error('a staged file is shorter than it was')
      left -= count
      if (!response.write(buffer.subarray(0, count))) await drained(response)
    }
  } finally {
    await reader.close()
  }
}

const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      response.off('drain', end).off('close', end)
      resolve()
    }
    response.on('drain', end).on('close', end)
  })

function unusable(at: string, cause: unknown) {
  const code = (cause as NodeJS.ErrnoException | null)?.code ?? 'unknown'
  return sluiceError('USAGE', {
    at,
    message: `the staged files cannot be served at this address (${code})`,
    help: 'give another address with --serve-at; a running import expects the files at the same port',
    cause,
  })
}
