// Holds src/server/http/byte-range.ts, src/server/catalog/packing.ts.

import { appendFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { parseRange, prefersGzip } from '../../../src/server/http/byte-range.js'
import { firstOf } from '../../support/elements.js'
import { hasZstd, zstdOf } from '../../support/zstd.js'
import { lines, outcomeText, type Provider, provide } from '../provider.js'

const TEXT = lines(
  ...Array.from({ length: 20_000 }, (_, id) => JSON.stringify({ resourceType: 'Patient', id: `p${id}` })),
)
const BYTES = Buffer.byteLength(TEXT)

interface Raw {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/** What goes over the wire: fetch would unpack it. */
const raw = (url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Raw> =>
  new Promise((resolve, reject) => {
    const request = httpRequest(url, { headers, method }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      )
    })
    request.on('error', reject)
    request.end()
  })

for (const [name, files, query] of [
  ['a plain item', { 'Patient.ndjson': TEXT }, ''],
  ['a compressed item', { 'Patient.ndjson.gz': gzipSync(TEXT) }, ''],
  ...(hasZstd ? ([['an item in zstd', { 'Patient.ndjson.zst': zstdOf(TEXT) }, '']] as const) : []),
  ['a file of the job', { 'Patient.ndjson': TEXT }, '?_since=2020-01-01'],
] as const)
  t.test(`${name} is served whole, compressed and in parts`, async (t) => {
    const provider = await provide(t, { files })
    const { manifest } = await provider.export(`/$export${query}`)
    const { url } = firstOf(manifest.output)

    const whole = await raw(url)
    t.equal(whole.status, 200)
    t.equal(whole.headers['content-type'], 'application/fhir+ndjson')
    t.equal(whole.headers['content-length'], String(BYTES))
    t.equal(whole.headers['content-encoding'], undefined)
    t.equal(whole.headers['accept-ranges'], 'bytes')
    t.equal(whole.body.toString(), TEXT)

    const packed = await raw(url, { 'accept-encoding': 'gzip' })
    t.equal(packed.status, 200)
    t.equal(packed.headers['content-encoding'], 'gzip')
    t.match(packed.headers.vary, /accept-encoding/i)
    t.equal(gunzipSync(packed.body).toString(), TEXT)
    t.not(packed.headers.etag, whole.headers.etag, 'another representation, another ETag')

    const identity = await raw(url, { 'accept-encoding': 'identity;q=1, gzip;q=0.5' })
    t.equal(identity.headers['content-encoding'], undefined)

    for (const [range, from, to] of [
      ['bytes=0-0', 0, 1],
      ['bytes=100-199', 100, 200],
      [`bytes=${BYTES - 10}-`, BYTES - 10, BYTES],
      ['bytes=-7', BYTES - 7, BYTES],
      ['bytes=300000-99999999', 300_000, BYTES],
    ] as const) {
      const part = await raw(url, { range, 'accept-encoding': 'gzip' })
      t.equal(part.status, 206, range)
      t.equal(part.headers['content-range'], `bytes ${from}-${to - 1}/${BYTES}`)
      t.equal(part.body.toString(), TEXT.slice(from, to), range)
    }
    const behind = await raw(url, { range: `bytes=${BYTES}-` })
    t.equal(behind.status, 416)
    t.equal(behind.headers['content-range'], `bytes */${BYTES}`)
    t.match(behind.body.toString(), /"OperationOutcome".*Range begins after the end/)

    const etag = String(whole.headers.etag)
    t.equal((await raw(url, { 'if-none-match': etag })).status, 304)
    t.equal((await raw(url, { range: 'bytes=5-9', 'if-range': etag })).status, 206)
    t.equal(
      (await raw(url, { range: 'bytes=5-9', 'if-range': '"other"' })).status,
      200,
      'it changed: all of it',
    )

    const head = await raw(url, {}, 'HEAD')
    t.equal(head.status, 200)
    t.equal(head.headers['content-length'], String(BYTES))
    t.equal(head.body.length, 0)
  })

t.test('downloads are counted by route and status, and their bytes', async (t) => {
  const provider = await provide(t, { files: { 'Patient.ndjson': TEXT } })
  const { manifest } = await provider.export('/$export')
  await raw(firstOf(manifest.output).url)
  // A request is done when its last byte is out, which the client may know first.
  const counted = 'sluice_http_request_seconds_count{route="file",method="GET",status="200"} 2\n'
  let text = ''
  for (let look = 0; look < 100 && !text.includes(counted); look++) {
    text = await (await fetch(`${new URL(provider.base).origin}/metrics`)).text()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  t.ok(text.includes(counted))
  t.ok(text.includes(`sluice_download_bytes_total ${2 * BYTES}\n`))
})

t.test('what changed since the export is 410, not a mixture', async (t) => {
  const provider = await provide(t, { files: { 'Patient.ndjson': TEXT } })
  const { manifest } = await provider.export('/$export')
  appendFileSync(join(provider.folder, 'data', 'Patient.ndjson'), TEXT)
  const response = await provider.ask(firstOf(manifest.output).url)
  t.equal(response.status, 410)
  await outcomeText(response)
  t.equal(
    firstOf((await provider.export('/$export')).manifest.output).count,
    40_000,
    'a new export has the new data',
  )
})

t.test(
  'a file that cannot be opened now is 503, and there again afterwards; one that is gone is 410',
  async (t) => {
    const provider = await provide(t, { files: { 'Patient.ndjson': TEXT } })
    const { manifest } = await provider.export('/$export')
    // The folder, not the file: a file that was moved and moved back counts as changed.
    const path = join(provider.folder, 'data')
    renameSync(path, `${path}.away`)
    t.equal((await provider.ask(firstOf(manifest.output).url)).status, 410)
    // A circle of links: ELOOP.
    symlinkSync(path, path)
    for (const headers of [{ 'accept-encoding': 'gzip' }, { 'accept-encoding': 'identity' }]) {
      const response = await provider.ask(firstOf(manifest.output).url, { headers })
      t.equal(response.status, 503)
      t.equal(response.headers.get('retry-after'), '10')
      await outcomeText(response)
    }
    t.match(
      provider.events.find(({ event }) => event === 'file.unreadable'),
      { level: 'warn', error: 'SOURCE_UNREADABLE', file: firstOf(manifest.output).url.split('/').at(-1) },
    )
    rmSync(path)
    renameSync(`${path}.away`, path)
    t.equal((await provider.ask(firstOf(manifest.output).url)).status, 200)
  },
)

t.test('a file that is being read is not removed when its export expires', async (t) => {
  const provider = await provide(t, {
    files: { 'Patient.ndjson': TEXT.repeat(20) },
    limits: { expiresMs: 1 },
  })
  const { manifest, statusUrl } = await provider.export('/$export?_type=Patient')
  const response = await provider.ask(firstOf(manifest.output).url, {
    headers: { 'accept-encoding': 'identity' },
  })
  await provider.server.expire()
  t.equal((await provider.ask(statusUrl)).status, 200, 'still there')
  t.equal((await response.arrayBuffer()).byteLength, BYTES * 20)
  t.ok(await expires(provider, statusUrl))
})

/** Whether the export goes, soon after the last byte of its files went out. */
async function expires({ server, ask }: Provider, statusUrl: string): Promise<boolean> {
  for (let wait = 0; wait < 500; wait++) {
    await server.expire()
    if ((await ask(statusUrl)).status === 404) return true
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return false
}

t.test('a client that goes away in the middle leaves nothing open', async (t) => {
  const provider = await provide(t, {
    files: { 'Patient.ndjson': TEXT.repeat(20) },
    limits: { expiresMs: 1 },
  })
  const { manifest, statusUrl } = await provider.export('/$export?_type=Patient')
  const abort = new AbortController()
  const response = await provider.ask(firstOf(manifest.output).url, { signal: abort.signal })
  await response.body?.getReader().read()
  abort.abort()
  t.ok(await expires(provider, statusUrl))
})

const RANGES: readonly (readonly [string | undefined, number, ReturnType<typeof parseRange>])[] = [
  [undefined, 10, 'whole'],
  ['', 10, 'whole'],
  ['bytes=', 10, 'whole'],
  ['bytes=-', 10, 'whole'],
  ['items=0-1', 10, 'whole'],
  ['bytes=5-4', 10, 'whole'],
  ['bytes=a-b', 10, 'whole'],
  ['bytes=0-1,3-4', 10, 'whole'],
  ['bytes=0-', 10, { from: 0, to: 10 }],
  ['BYTES = 2 - 3', 10, { from: 2, to: 4 }],
  ['bytes=9-9', 10, { from: 9, to: 10 }],
  ['bytes=10-', 10, 'unsatisfiable'],
  ['bytes=-0', 10, 'unsatisfiable'],
  ['bytes=-20', 10, { from: 0, to: 10 }],
  ['bytes=0-', 0, 'unsatisfiable'],
  ['bytes=99999999999999999999-', 10, 'whole'],
]

t.test('Range is read as RFC 9110 says', async (t) => {
  for (const [header, bytes, expected] of RANGES) t.same(parseRange(header, bytes), expected, `${header}`)
})

t.test('gzip is sent where it is wanted at least as much as the bytes as they are', async (t) => {
  for (const header of ['gzip', 'GZIP', 'deflate, gzip;q=0.5', '*', 'gzip, identity', 'x-gzip'])
    t.ok(prefersGzip(header), header)
  for (const header of [
    undefined,
    '',
    'identity',
    'gzip;q=0',
    'br',
    'gzip;q=0.1, identity',
    '*;q=0',
    'gzip;q=x',
  ])
    t.notOk(prefersGzip(header), `${header}`)
})
