// Holds src/workers/pool.ts, src/workers/task.ts, src/pipeline/chunks/dispatch.ts.

import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { checkConfig } from '../../src/config/anonymizer/configuration.js'
import { planOf } from '../../src/config/anonymizer/plan.js'
import { runPipeline } from '../../src/pipeline/run.js'
import { folderSink, folderSource } from '../../src/storage/folder/folder.js'
import { WorkerPool } from '../../src/workers/pool.js'
import {
  codeOf,
  filesIn,
  KEEP_ALL,
  listen,
  type Overrides,
  planFor,
  quarantineOf,
  run,
  runProcess,
  textIn,
  watchThreads,
  writeFiles,
} from '../support/pipeline-run.js'

// A custom method that does what the id says.
const METHOD = `
let lateThrows = 0
export default ({ text }) => {
  if (text === 'exit') process.exit(3)
  if (text === 'spin') for (;;) ;
  if (text === 'memory') { const all = []; for (;;) all.push(new Array(100_000).fill(text)) }
  if (text === 'late' && lateThrows++ === 0) setImmediate(() => { throw new Error('late') })
  return { json: undefined }
}
`
const id = (text: string) => `{"resourceType":"Patient","id":"${text}"}\n`
const before = Array.from({ length: 40 }, (_, n) => id(`before-${n}`)).join('')
const after = Array.from({ length: 30 }, (_, n) => id(`after-${n}`)).join('')

const folder = t.testdir({ 'method.mjs': METHOD })

const runWithMethod = (input: string, output: string, overrides: Overrides = {}) => {
  const raw = {
    fhirVersion: 'R4',
    fhirPathRules: [{ path: 'Patient.id', method: 'act' }],
    customMethods: { act: 'method.mjs' },
  }
  const plan = planOf(checkConfig(raw, { baseFolder: folder }), '2026-11-21')
  return runPipeline({
    source: folderSource(input),
    sink: folderSink(output),
    plan,
    workers: 1,
    ...overrides,
  })
}

const DEATHS = [
  ['exit', 'WORKER_CRASHED', {}],
  ['memory', 'WORKER_CRASHED', { workerHeapBytes: 64 * 2 ** 20 }],
  ['spin', 'LINE_TIMEOUT', { chunkTimeoutMs: 1500 }],
] as const

for (const [what, code, overrides] of DEATHS)
  t.test(
    `a worker that dies on one line (${what}) costs that line: ${code}, its neighbours are delivered`,
    async (t) => {
      const input = writeFiles(join(folder, `in-${what}`), { 'x.ndjson': before + id(what) + after })
      const output = join(folder, `out-${what}`)
      const { events, onEvent } = listen()
      const report = await runWithMethod(input, output, { ...overrides, onEvent })
      t.equal(textIn(output, 'x.ndjson'), before + after)
      t.match(quarantineOf(output, 'x.ndjson'), [
        { code, offset: before.length, line: 41, length: id(what).length - 1 },
      ])
      t.strictSame(report.lines, { read: 71, delivered: 70, quarantined: 1, blank: 0 })
      t.ok(events.some(({ event }) => event === 'chunk.retried'))
    },
  )

t.test('a late throw of a worker blames no line', async (t) => {
  const input = writeFiles(join(folder, 'in-late'), {
    'a.ndjson': id('late'),
    'b.ndjson': before,
    'c.ndjson': after,
  })
  const report = await runWithMethod(input, join(folder, 'out-late'))
  t.equal(report.lines.quarantined, 0)
  t.equal(report.lines.delivered, 71)
})

const ENTRIES: Readonly<Record<string, string>> = {
  'never starts (syntax error)': 'export default (',
  'never starts (exits)': 'process.exit(5)',
  'never answers': 'export default () => new Promise(() => {})',
  'answers null': 'export default async () => null',
  'answers junk': `export default async (task) => task.kind === 'hello' ? { kind: 'ready' } : { kind: 'lines', lines: 'many' }`,
  'throws null': `export default async (task) => { if (task.kind === 'hello') return { kind: 'ready' }; throw null }`,
}

// An answer that no worker may give is a bug; a thread that does not start is this machine's.
const codeFor = (name: string): string => (/junk|null/.test(name) ? 'INTERNAL' : 'WORKER_FAILED')

for (const [name, code] of Object.entries(ENTRIES))
  t.test(`a worker that ${name} is ${codeFor(name)} in time, nothing is counted as success`, async (t) => {
    const entry = join(writeFiles(join(folder, 'entries'), { [`${name}.mjs`]: code }), `${name}.mjs`)
    const input = writeFiles(join(folder, 'in-entry'), { 'x.ndjson': before })
    const output = join(folder, `out ${name}`)
    const begun = performance.now()
    const running = run(input, output, {
      config: KEEP_ALL,
      workerEntry: pathToFileURL(entry),
      workerStartTimeoutMs: 8_000,
    })
    t.equal(await codeOf(running), codeFor(name))
    t.ok(performance.now() - begun < 15_000, 'no hang')
    t.notOk(filesIn(output).has('x.ndjson'))
    t.notOk(filesIn(output).has('run.json'))
  })

t.test(
  'a pool that starts slowly reports its wait once an interval, however many threads it has',
  async (t) => {
    const SLOW =
      "export default () => new Promise((ready) => setTimeout(ready, 1_000, { kind: 'ready', needsPlaces: false }))"
    const entry = join(writeFiles(join(folder, 'entries'), { 'slow.mjs': SLOW }), 'slow.mjs')
    const plan = planFor(KEEP_ALL)
    let reports = 0
    const startedMs = performance.now()
    const pool = new WorkerPool({
      size: 4,
      heapMebibytes: 256,
      entry: pathToFileURL(entry),
      tellEveryMs: 100,
      onWaiting: () => {
        reports += 1
      },
    })
    try {
      await pool.prepare(plan.settle(plan.newRunSecrets()))
      const most = (performance.now() - startedMs) / 100
      t.ok(reports > 0 && reports <= most, `${reports} reports in ${most} intervals`)
    } finally {
      await pool.destroy()
    }
  },
)

t.test('a run that is stopped, whenever that is, leaves no thread behind', async (t) => {
  const input = writeFiles(join(folder, 'in-stopped'), { 'x.ndjson': before.repeat(200), 'y.ndjson': after })
  const alive = watchThreads(t)
  let stoppedCount = 0
  for (const stopAfterMs of [0, 20, 60, 100, 150, 200, 250, 300]) {
    const stop = new AbortController()
    setTimeout(() => stop.abort(), stopAfterMs)
    const output = join(folder, `out-stopped-${stopAfterMs}`)
    const code = await codeOf(runWithMethod(input, output, { signal: stop.signal, workers: 2 }))
    if (code === 'INTERRUPTED') stoppedCount += 1
    // What would be started anew is started when the others have ended.
    await wait(20)
    t.equal(alive.size, 0, `stopped after ${stopAfterMs} ms: ${code}`)
  }
  t.ok(stoppedCount > 2, `${stoppedCount} were stopped`)
})

t.test('a process that stands still for a while blames no line for it', async (t) => {
  const place = t.testdir()
  const [input, output] = [join(place, 'in'), join(place, 'out')]
  writeFiles(input, { 'a.ndjson': before.repeat(5000) })
  let stood = false
  const overrides = { chunkTimeoutMs: 1000, chunkBytes: 16 * 1024 }
  const { exitCode, stderr } = await runProcess({ input, output, config: KEEP_ALL, overrides }, (send) => {
    const look = setInterval(() => {
      const begun = [...filesIn(output)].some(([name, bytes]) => name.endsWith('.part') && bytes.length > 0)
      if (!begun) return
      clearInterval(look)
      send('SIGSTOP')
      stood = true
      setTimeout(() => send('SIGCONT'), 2500)
    }, 5)
    t.teardown(() => clearInterval(look))
  })
  t.ok(stood, 'it stood still in the midst of its work')
  t.equal(exitCode, 0, stderr)
  t.ok(textIn(output, 'a.ndjson') === before.repeat(5000))
})
