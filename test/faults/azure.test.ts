import { getEventListeners } from 'node:events'
import { gzipSync } from 'node:zlib'
import { ContainerClient } from '@azure/storage-blob'
import t, { type Test } from 'tap'
import { type ErrorCode, isSluiceError } from '../../src/errors.js'
import { createRetry } from '../../src/http/retry.js'
import type { RunReport } from '../../src/pipeline/report/report.js'
import { runPipeline } from '../../src/pipeline/run.js'
import type { StoreAccess } from '../../src/storage/access.js'
import { memorySink, memorySource } from '../../src/storage/memory/memory.js'
import { MemoryContent } from '../../src/storage/memory/memory-content.js'
import { openSink, openSource } from '../../src/storage/open.js'
import type { Sink, Source } from '../../src/storage/store.js'
import { ACCOUNT, ACCOUNT_KEY, type Azurite, startAzurite } from '../support/azurite.js'
import { elementAt } from '../support/elements.js'
import {
  type Fault,
  type FaultProxy,
  nthFails,
  type Seen,
  stagedBytes,
  startFaultProxy,
} from '../support/fault-proxy.js'
import { KEEP_ALL, planFor, syntheticLines, watchThreads } from '../support/pipeline-run.js'

// Each failing request costs two runs: every so many are tried, all of them with every fault in a soak.
const STEP = Number(process.env.SLUICE_WIRE_STEP ?? 19)
const CHUNK_BYTES = 16_384

const patient = (id: string): string => `{"resourceType":"Patient","id":"${id}"}\n`
const INPUT: Readonly<Record<string, Uint8Array>> = {
  'x.ndjson': Buffer.concat([syntheticLines(90_000), Buffer.from('bad\n'), syntheticLines(9000, 2)]),
  'sub/ü y.ndjson.gz': gzipSync(syntheticLines(40_000, 3)),
  'sub/one.json': Buffer.from(patient('one')),
  'empty.ndjson': Buffer.alloc(0),
}

/** A service of its own behind a proxy, with the inputs. */
interface Stage {
  readonly azurite: Azurite
  readonly proxy: FaultProxy
  readonly input: ContainerClient
  /** The signal of the process that starts all the runs; it outlives them. */
  readonly signal: AbortSignal
  /** What an undisturbed run asks of the service. */
  readonly cleanSeen: readonly Seen[]
}

/** Not one for all: every ten minutes Azurite clears away what is gone, for as long if thousands of blobs are. */
async function openStage(t: Test): Promise<Stage> {
  const azurite = await startAzurite(t)
  const proxy = await startFaultProxy(t, azurite.url)
  const input = await filled(azurite, INPUT)
  const stage = { azurite, proxy, input, signal: new AbortController().signal, cleanSeen: [] }
  const output = await azurite.container()
  await runBetween(stage, input, output)
  t.strictSame(await outputsIn(output), expected, 'from container to container as from any other store')
  return { ...stage, cleanSeen: proxy.seen }
}

// A service under load takes its time; only where it does not answer at all a test need not wait long.
const LIMITS = { requestMs: 10_000, idleMs: 5000 }
const SHORT_LIMITS = { requestMs: 400, idleMs: 200 }

interface Options {
  readonly config?: object
  readonly chunkBytes?: number
  readonly limits?: StoreAccess['limits']
  readonly signal?: AbortSignal
}

const runOn = (
  source: Source,
  sink: Sink,
  { config, chunkBytes = CHUNK_BYTES, signal }: Options = {},
): Promise<RunReport> => runPipeline({ source, sink, plan: planFor(config), workers: 1, chunkBytes, signal })

async function filled(
  azurite: Azurite,
  blobs: Readonly<Record<string, Uint8Array>>,
): Promise<ContainerClient> {
  const container = await azurite.container()
  for (const [name, bytes] of Object.entries(blobs))
    await container.getBlockBlobClient(name).uploadData(bytes)
  return container
}

/** A run from container to container, as a process of its own would do it; its patience is short, so that a test is. */
async function runBetween(
  { proxy, signal }: Pick<Stage, 'proxy' | 'signal'>,
  from: ContainerClient,
  to: ContainerClient,
  options: Options = {},
): Promise<RunReport> {
  const account = { account: ACCOUNT, endpoint: `${proxy.url}/${ACCOUNT}`, key: ACCOUNT_KEY }
  const access: StoreAccess = {
    credentials: () => ({ accounts: [], emulator: account }),
    retry: createRetry({ baseMs: 2, maxWaitMs: 20, maxAttempts: 5, totalMs: 20_000, signal }),
    limits: options.limits ?? LIMITS,
  }
  const source = await openSource(`azurite://${from.containerName}`, access)
  return runOn(source, await openSink(`azurite://${to.containerName}`, access), { ...options, signal })
}

/** What is visible, without the report, whose times differ. */
async function outputsIn(container: ContainerClient): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for await (const { name } of container.listBlobsFlat())
    if (name !== 'run.json')
      found.set(name, (await container.getBlobClient(name).downloadToBuffer()).toString())
  return found
}

const content = new MemoryContent('in')
for (const [name, bytes] of Object.entries(INPUT)) content.write(name, bytes)
const inMemory = new MemoryContent('out')
const expectedReport = await runOn(memorySource(content), memorySink(inMemory))
inMemory.objects.delete('run.json')
const expected = new Map([...inMemory.objects].map(([name, { bytes }]) => [name, bytes.toString()]))

t.test('the undisturbed run is what the others are held to', async (t) => {
  const { read, delivered, quarantined, blank } = expectedReport.lines
  t.equal(read, delivered + quarantined + blank)
  t.equal(quarantined, 1)
  const { cleanSeen } = await openStage(t)
  t.ok(cleanSeen.length > 40)
})

const PASSING: readonly Fault[] = [
  { kind: 'status', status: 503 },
  { kind: 'reset' },
  { kind: 'lost-answer' },
  { kind: 'status', status: 429, headers: { 'retry-after': '0' } },
  { kind: 'stall' },
  { kind: 'reset-body', afterBytes: 700 },
  { kind: 'status', status: 408 },
  { kind: 'short-body', afterBytes: 700 },
  { kind: 'status', status: 500 },
  { kind: 'short-body', afterBytes: 700, clean: true },
  { kind: 'status', status: 502 },
  { kind: 'headers', headers: { 'content-range': 'bytes 1-2/3' } },
  { kind: 'status', status: 504 },
]
// Not all requests carry an MD5: what they say then is another thing, and refused.
const REFUSED: readonly Fault[] = [
  { kind: 'flip-up', atByte: 9 },
  { kind: 'status', status: 403 },
  { kind: 'status', status: 409 },
]

const CODES: ReadonlySet<ErrorCode> = new Set([
  'SERVICE_UNAVAILABLE',
  'SOURCE_UNREADABLE',
  'SOURCE_UNUSABLE',
  'SOURCE_DENIED',
  'SOURCE_NOT_FOUND',
  'SINK_UNWRITABLE',
  'SINK_UNUSABLE',
  'SINK_DENIED',
  'SINK_CONFLICT',
  'SINK_LOCKED',
])

const SWEEPS = [
  { name: 'whichever request fails once, the run goes on', faults: PASSING, mustPass: true },
  { name: 'whichever request is refused once, the next run delivers everything once', faults: REFUSED },
  {
    name: 'from whichever request on all fail, the next run delivers everything once',
    faults: PASSING,
    onwards: true,
  },
] as const

for (const [row, sweep] of SWEEPS.entries()) {
  const groups: (readonly Fault[])[] = STEP === 1 ? sweep.faults.map((fault) => [fault]) : [sweep.faults]
  for (const faults of groups) {
    const name = groups.length === 1 ? sweep.name : `${sweep.name}: ${JSON.stringify(faults[0])}`
    t.test(name, async (t) => {
      const stage = await openStage(t)
      const threads = watchThreads(t)
      let tried = 0
      let resent = 0
      for (let nth = 1 + ((row * 5) % STEP); ; nth += STEP) {
        const bytes = await survives(t, stage, {
          ...sweep,
          fault: elementAt(faults, tried % faults.length),
          nth,
        })
        if (bytes === undefined) break
        tried += 1
        resent = Math.max(resent, bytes)
      }
      console.log(`# wire: ${name}: ${tried} faults, at most ${resent} bytes sent again`)
      t.ok(tried > 0)
      t.equal(threads.size, 0, 'no thread stays')
      t.equal(getEventListeners(stage.signal, 'abort').length, 0, 'nor does anything that listens')
    })
  }
}

interface Round {
  readonly fault: Fault
  readonly nth: number
  readonly onwards?: boolean
  readonly mustPass?: boolean
}

/** Bytes that were sent again; undefined if the run ended before its nth request. */
async function survives(
  t: Test,
  stage: Stage,
  { fault, nth, onwards, mustPass }: Round,
): Promise<number | undefined> {
  const { azurite, proxy, input, cleanSeen } = stage
  const output = await azurite.container()
  proxy.reset(nthFails(nth, fault, { onwards }))
  const limits = fault.kind === 'stall' ? SHORT_LIMITS : LIMITS
  const end = await runBetween(stage, input, output, { limits }).then(
    (report) => ({ report }),
    (error: unknown) => ({ error }),
  )
  const first = proxy.seen
  proxy.reset()
  const failed = first.find((seen) => seen.fault !== undefined)
  if (failed === undefined) return undefined
  const at = `request ${nth}, ${failed.operation}, ${JSON.stringify(fault)}`
  if ('error' in end) t.ok(isSluiceError(end.error) && CODES.has(end.error.code), `${at}: ${end.error}`)
  if (mustPass === true) t.equal('report' in end && end.report.failed.length, 0, `${at}: passes`)
  for (const [name, text] of await outputsIn(output))
    t.equal(text, expected.get(name), `${at}: ${name} is whole`)
  await endLease(azurite, output)

  const report = await runBetween(stage, input, output)
  t.strictSame(
    await outputsIn(output),
    expected,
    `${at}: everything delivered, nothing foreign, bytes intact`,
  )
  t.strictSame(report.lines, expectedReport.lines, `${at}: every line accounted for`)
  const resentBytes = stagedBytes(first) + stagedBytes(proxy.seen) - stagedBytes(cleanSeen)
  t.ok(resentBytes <= 4 * 1.5 * CHUNK_BYTES, `${at}: ${resentBytes} bytes are sent again`)

  await input.getBlockBlobClient('z.ndjson').uploadData(Buffer.from(patient('z')))
  const { items } = await runBetween(stage, input, output)
  await input.getBlobClient('z.ndjson').delete()
  t.match(items, { committed: 1, finishedBefore: 4, failed: 0 }, `${at}: a fresh item gets through`)
  return resentBytes
}

/** What happens 30 s after a process that is gone; this one is not. */
async function endLease(azurite: Azurite, { containerName }: ContainerClient): Promise<void> {
  const state = new ContainerClient(azurite.connectionString, `${containerName}-sluice`)
  await state
    .getBlobClient('lock')
    .getBlobLeaseClient()
    .breakLease(0)
    .catch((error: { readonly statusCode?: number }) => {
      // There is no lock, or nobody holds it.
      if (error.statusCode !== 404 && error.statusCode !== 409) throw error
    })
}

t.test(
  'a source that is overwritten while it is read is SOURCE_CHANGED, and nothing of it is committed',
  async (t) => {
    const stage = await openStage(t)
    const { azurite, proxy } = stage
    const rows = [
      { name: 'between two ranges', bytes: syntheticLines(20_000_000), where: 'GET', nth: 2 },
      { name: 'after its last byte', bytes: syntheticLines(50_000), where: 'HEAD', nth: 1 },
    ]
    for (const { name, bytes, where, nth } of rows) {
      const source = await filled(azurite, { 'x.ndjson': bytes, 'y.ndjson': syntheticLines(20_000, 4) })
      const output = await azurite.container()
      const changed = syntheticLines(bytes.length, 9)
      let count = 0
      proxy.reset(async ({ operation, path }) => {
        if (operation !== where || !path.endsWith(`${source.containerName}/x.ndjson`)) return undefined
        count += 1
        if (count === nth) await source.getBlockBlobClient('x.ndjson').uploadData(changed)
        return undefined
      })
      const options = { config: KEEP_ALL, chunkBytes: 1_000_000 }
      const report = await runBetween(stage, source, output, options)
      t.ok(count >= nth, `${name}: was overwritten`)
      t.match(report.failed, [{ item: 'x.ndjson', code: 'SOURCE_CHANGED' }], name)
      t.strictSame([...(await outputsIn(output)).keys()], ['y.ndjson'], 'nothing of it is committed')
      proxy.reset()
      await runBetween(stage, source, output, options)
      t.equal(
        (await outputsIn(output)).get('x.ndjson'),
        changed.toString(),
        'the next run has the new one whole',
      )
    }
  },
)
