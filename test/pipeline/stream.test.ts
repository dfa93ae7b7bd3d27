import { join } from 'node:path'
import { PassThrough, Readable, Writable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import type { QuarantinedLine } from '../../src/pipeline/report/quarantine.js'
import { anonymizeStream, type StreamOptions } from '../../src/pipeline/stream.js'
import { codeOf, KEEP_ALL, planFor, syntheticLines } from '../support/pipeline-run.js'

const lines = syntheticLines(300_000)

function collector(): { readonly output: Writable; readonly bytes: () => Buffer } {
  const pieces: Buffer[] = []
  const output = new Writable({
    highWaterMark: 1000,
    write(piece, _encoding, done) {
      // A slow reader: the slab must not be reused before it has the bytes.
      setImmediate(() => {
        pieces.push(Buffer.from(piece))
        done()
      })
    },
  })
  return { output, bytes: () => Buffer.concat(pieces) }
}

const run = (input: Readable, output: Writable, options: Partial<StreamOptions> = {}) =>
  anonymizeStream({ plan: planFor(KEEP_ALL), input, output, workers: 2, chunkBytes: 20_000, ...options })

const inPieces = (bytes: Buffer, length: number): Readable =>
  Readable.from(
    (function* () {
      for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length)
    })(),
    { objectMode: false },
  )

t.test('a stream comes out in order, however it arrives, compressed or not', async (t) => {
  for (const bytes of [lines, gzipSync(lines)])
    for (const length of [777, 65_536, bytes.length]) {
      const { output, bytes: written } = collector()
      const totals = await run(inPieces(bytes, length), output)
      t.strictSame(written(), lines)
      t.equal(totals.read, totals.delivered)
    }
})

t.test('a rejected line of a stream is told with its place, never its content', async (t) => {
  const { output, bytes } = collector()
  const rejected: QuarantinedLine[] = []
  const onQuarantined = (line: QuarantinedLine): void => void rejected.push(line)
  const totals = await run(Readable.from(['{}\n\nCANARY\n']), output, { onQuarantined })
  t.strictSame(totals, { read: 3, delivered: 0, quarantined: 2, blank: 1 })
  t.match(rejected, [
    { code: 'NOT_A_RESOURCE', offset: 0, line: 1 },
    { code: 'INVALID_JSON', offset: 4, line: 3, length: 6 },
  ])
  t.notOk(JSON.stringify(rejected).includes('CANARY'))
  t.equal(bytes().length, 0)
})

t.test('how a stream fails', async (t) => {
  const packed = gzipSync(lines)
  const broken = new Writable({ write: (_piece, _encoding, done) => done(new Error('EPIPE')) })
  const controller = new AbortController()
  const endless = Readable.from(
    (async function* () {
      for (;;) {
        yield lines
        controller.abort()
      }
    })(),
    { objectMode: false },
  )
  const rows = [
    ['cut gzip', () => run(inPieces(packed.subarray(0, -9), 1000), collector().output), 'SOURCE_CORRUPT'],
    [
      'UTF-16',
      () => run(Readable.from([Buffer.from('\ufeff{}', 'utf16le')]), collector().output),
      'SOURCE_NOT_UTF8',
    ],
    ['a closed output', () => run(inPieces(lines, 1000), broken), 'SINK_UNWRITABLE'],
    [
      'a bad line',
      () => run(Readable.from(['bad\n']), collector().output, { onBadLine: 'fail' }),
      'BAD_LINE',
    ],
    ['a signal', () => run(endless, collector().output, { signal: controller.signal }), 'INTERRUPTED'],
  ] as const
  for (const [name, start, code] of rows) t.equal(await codeOf(start()), code, name)
})

t.test('a stream ends with its run, also where the input says nothing any more', async (t) => {
  const idle = (text: string | Buffer = ''): Readable => {
    const input = new PassThrough()
    input.write(text)
    return input
  }
  const stopped = AbortSignal.abort()
  const gone = new Writable({ write: (_piece, _encoding, done) => done(new Error('EPIPE')) })
  const noWorker = pathToFileURL(join(t.testdir({ 'broken.mjs': 'not JavaScript' }), 'broken.mjs'))
  const packed = gzipSync(lines)
  const rows: readonly [string, Readable, Partial<StreamOptions>, Writable?][] = [
    ['INTERRUPTED', idle('{}'), { signal: stopped }],
    ['INTERRUPTED', idle(), { signal: AbortSignal.timeout(100) }],
    ['INTERRUPTED', idle(packed.subarray(0, 100)), { signal: AbortSignal.timeout(100) }],
    ['SINK_UNWRITABLE', idle(lines.toString()), {}, gone],
    ['WORKER_FAILED', idle(lines.toString()), { workerEntry: noWorker }],
    ['BAD_LINE', idle(`bad\n${lines}`), { onBadLine: 'fail' }],
  ]
  for (const [code, input, options, output = collector().output] of rows) {
    const begun = performance.now()
    t.equal(await codeOf(run(input, output, options)), code)
    t.ok(performance.now() - begun < 9_000, `${code} in time`)
    t.ok(input.destroyed, `${code}: nobody reads on`)
    t.equal(output.listenerCount('error'), 0)
  }
})
