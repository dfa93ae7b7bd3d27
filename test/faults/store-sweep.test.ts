import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { isSluiceError } from '../../src/errors.js'
import { runPipeline } from '../../src/pipeline/run.js'
import { folderSink } from '../../src/storage/folder/folder.js'
import { memorySink, memorySource } from '../../src/storage/memory/memory.js'
import { MemoryContent } from '../../src/storage/memory/memory-content.js'
import type { Sink } from '../../src/storage/store.js'
import { firstOf } from '../support/elements.js'
import { type Call, type FaultyStore, faultyStore, type StoreFault } from '../support/faulty-store.js'
import { outputsIn, planFor, syntheticLines } from '../support/pipeline-run.js'

// Each failing call costs three runs: every so many are tried, all of them in a soak.
const STEP = Number(process.env.SLUICE_STORE_STEP ?? 199)
const CHUNK_BYTES = 8192
// Two items under way: of each, a chunk that is not yet kept and one that is on its way.
const LOST_CHUNKS = 4

const folder = t.testdir()
const patient = (id: string): string => `{"resourceType":"Patient","id":"${id}"}\n`
const input = new MemoryContent('in')
input.write(
  'x.ndjson',
  Buffer.concat([syntheticLines(60_000), Buffer.from('bad\n'), syntheticLines(9000, 2)]),
)
input.write('sub/y.ndjson.gz', gzipSync(syntheticLines(20_000, 3)))
input.write('sub/one.json', patient('one'))
input.write('sub/bad.json', '{"resourceType":"Patient","id":')
input.write('empty.ndjson', '')
const withOneMore = new MemoryContent('in')
for (const [name, object] of input.objects) withOneMore.objects.set(name, object)
withOneMore.write('z.ndjson', patient('z'))

/** Where the outputs of one round go. */
interface Target {
  sink(): Sink
  /** What is visible. */
  outputs(): Map<string, Buffer>
  /** What a process that ends leaves is taken up by the next one; of a folder, its lock. */
  crash(cause: 'process' | 'power'): void
}

const memoryTarget = (isRemote: boolean) => (): Target => {
  const content = new MemoryContent('out')
  return {
    sink: () => memorySink(content, { isRemote }),
    outputs: () => new Map([...content.objects].map(([name, { bytes }]) => [name, bytes])),
    crash: (cause) => content.crash(cause),
  }
}

let folderCount = 0
function folderTarget(): Target {
  folderCount += 1
  const path = join(folder, `out-${folderCount}`)
  return {
    sink: () => folderSink(path),
    outputs: () => {
      const files = [...outputsIn(path)].filter(([name]) => !name.endsWith('.part'))
      return new Map(files)
    },
    crash: () => rmSync(join(`${path}.sluice`, 'lock'), { force: true }),
  }
}

const runOn = (store: Pick<FaultyStore, 'source' | 'sink'>) =>
  runPipeline({
    source: store.source,
    sink: store.sink,
    plan: planFor(),
    workers: 1,
    chunkBytes: CHUNK_BYTES,
  })

/** Outputs without the report, whose times differ from run to run. */
function contentOf(target: Target): Map<string, Buffer> {
  const outputs = target.outputs()
  outputs.delete('run.json')
  return outputs
}

const quarantinesOf = async ({ state }: Sink) => [
  await state.read('quarantine/x.ndjson.ndjson'),
  await state.read('quarantine/sub/bad.json.ndjson'),
]

const clean = memoryTarget(false)()
const cleanStore = faultyStore({ source: memorySource(input), sink: clean.sink() })
const cleanReport = await runOn(cleanStore)
const expected = contentOf(clean)
const expectedQuarantines = await quarantinesOf(clean.sink())

t.test('the undisturbed run is what the others are held to', async (t) => {
  const lines = { ...cleanReport.lines }
  t.equal(lines.read, lines.delivered + lines.quarantined + lines.blank)
  t.equal(lines.quarantined, 2)
  t.equal(
    [...expected.values()].reduce((sum, bytes) => sum + bytes.toString().split('\n').length - 1, 0),
    lines.delivered,
  )
  t.strictSame([...expected.keys()].sort(), ['empty.ndjson', 'sub/one.json', 'sub/y.ndjson', 'x.ndjson'])
  t.ok(cleanStore.calls.length > 150)
})

interface Trouble {
  readonly name: string
  readonly make: () => Target
  /** What the plan does at the nth call and, where it is for ever, at all that follow. */
  readonly fault: StoreFault | 'process' | 'power'
  readonly forEver?: true
}

const TROUBLES: readonly Trouble[] = Object.entries({
  memory: memoryTarget(false),
  'remote memory': memoryTarget(true),
  folder: folderTarget,
}).flatMap(([name, make]): Trouble[] => [
  { name: `${name}: a call is refused once`, make, fault: 'refused' },
  { name: `${name}: calls are refused from then on`, make, fault: 'refused', forEver: true },
  { name: `${name}: nothing fits from then on`, make, fault: 'full', forEver: true },
  { name: `${name}: the answer of a call is lost`, make, fault: 'answer lost' },
  ...(name === 'folder'
    ? []
    : [
        { name: `${name}: the process ends`, make, fault: 'process' as const },
        { name: `${name}: the power fails`, make, fault: 'power' as const },
      ]),
])

for (const [row, trouble] of TROUBLES.entries())
  t.test(`${trouble.name}, at whichever call: the next run delivers everything once`, async (t) => {
    let tried = 0
    // Each row tries other calls.
    for (let nth = 1 + ((row * 17) % Math.min(STEP, 61)); ; nth += STEP) {
      if (!(await survives(t, trouble, nth))) break
      tried += 1
    }
    console.log(`# sweep: ${trouble.name}: ${tried} calls failed`)
    t.ok(tried > 0)
  })

const CODES: ReadonlySet<string> = new Set(['SOURCE_UNREADABLE', 'SINK_UNWRITABLE', 'SINK_FULL'])

/** One round; false if the run ended before its nth call. */
async function survives(t: Test, { make, fault, forEver }: Trouble, nth: number): Promise<boolean> {
  const target = make()
  const failed: Call[] = []
  const store = faultyStore({ source: memorySource(input), sink: target.sink() }, (call) => {
    if (call.nth < nth || (call.nth > nth && forEver !== true)) return undefined
    failed.push(call)
    if (fault !== 'process' && fault !== 'power') return fault
    target.crash(fault)
    return 'refused'
  })
  const end = await runOn(store).then(
    (report) => ({ report }),
    (error: unknown) => ({ error }),
  )
  if (failed.length === 0) return false
  const at = `call ${nth}, ${firstOf(failed).operation}`
  if ('error' in end) t.ok(isSluiceError(end.error) && CODES.has(end.error.code), `${at}: ${end.error}`)
  holdsWholeOutputs(t, target, at)
  // A lock that was taken and not given back is that of a process that is gone.
  if (failed.some(({ operation }) => operation.endsWith('lock'))) target.crash('process')

  const second = faultyStore({ source: memorySource(input), sink: target.sink() })
  const report = await runOn(second)
  t.strictSame(report.failed, [], `${at}: no item fails`)
  t.strictSame(contentOf(target), expected, `${at}: everything delivered, nothing foreign, bytes intact`)
  t.strictSame(await quarantinesOf(target.sink()), expectedQuarantines, `${at}: the quarantine`)
  t.strictSame(report.lines, cleanReport.lines, `${at}: every line accounted for`)
  const resentBytes = store.appendedBytes + second.appendedBytes - cleanStore.appendedBytes
  const keepsNothing =
    fault === 'power' || fault === 'full' || failed.some(({ operation }) => operation.startsWith('source'))
  const maxBytes = keepsNothing ? cleanStore.appendedBytes : LOST_CHUNKS * 1.5 * CHUNK_BYTES
  t.ok(resentBytes <= maxBytes, `${at}: ${resentBytes} bytes are sent again, at most ${maxBytes}`)

  const third = faultyStore({ source: memorySource(withOneMore), sink: target.sink() })
  const { items } = await runOn(third)
  t.match(items, { committed: 1, finishedBefore: 5, failed: 0 }, `${at}: a fresh item gets through`)
  t.equal(contentOf(target).get('z.ndjson')?.length, third.appendedBytes, `${at}: and nothing else is done`)
  return true
}

function holdsWholeOutputs(t: Test, target: Target, at: string): void {
  for (const [name, bytes] of contentOf(target))
    t.strictSame(bytes, expected.get(name), `${at}: ${name} is whole`)
  if (target.outputs().has('run.json'))
    t.equal(contentOf(target).size, expected.size, `${at}: the report is last`)
}
