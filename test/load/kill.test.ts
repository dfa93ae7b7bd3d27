// Holds src/load/run.ts, src/load/audit/audit.ts. With SLUICE_LOAD_KILLS, as many random kills for each method.

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { LOAD_FAULT_POINTS, type LoadFaultPoint, type LoadOptions } from '../../src/load/options.js'
import { type FhirServerProcess, spawnFhirServer } from '../fhir-server/server-process.js'
import { errorLines, load, patients, settledOrdinals } from '../support/load-run.js'
import { writeFiles } from '../support/pipeline-run.js'
import { seededRandom } from '../support/random.js'
import type { LoadEntryOptions } from './load-entry.js'

const RANDOM_KILLS = Number(process.env.SLUICE_LOAD_KILLS ?? 1)
type Method = NonNullable<LoadOptions['method']>

const LINES = 300
const OPTIONS = { maxEntries: 20, connections: 3 }
// The names of items are those of the audit; `Patient.ndjson` has two lines that are not sent.
const REJECTED = '{"resourceType":"Patient","id":"not an id"}\n{"broken":\n'

const server = await spawnFhirServer({ latencyMs: 3 })
t.teardown(server.close)
const folder = t.testdir()

/** Runs a load in a process of its own, which a kill ends. */
function killed(
  options: LoadEntryOptions,
  whileRunning: (end: () => void) => void = () => {},
): Promise<NodeJS.Signals | null> {
  const entry = fileURLToPath(new URL('load-entry.js', import.meta.url))
  return new Promise((resolve, reject) => {
    const { NODE_OPTIONS: _, ...env } = process.env
    const child = spawn(process.execPath, [entry, JSON.stringify(options)], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    child.on('error', reject)
    child.on('close', (_code, signal) => resolve(signal))
    whileRunning(() => child.kill('SIGKILL'))
  })
}

const sent = async (from: number): Promise<string[]> =>
  (await server.requests()).slice(from).flatMap(({ entries }) => entries)

/** Starts over with an empty server. */
async function fresh(name: string): Promise<string> {
  await server.reset()
  // What the server refuses leaves errors, so that each point is reached.
  await server.script({
    when: 'always',
    act: { kind: 'entry', match: 'Patient/p\\d*9$', status: '422 Unprocessable' },
  })
  return writeFiles(join(folder, name), {
    'Patient.ndjson': `${patients(LINES)}${REJECTED}`,
    'more/a.ndjson': patients(40, 1000),
    'more/b.ndjson': patients(1, 2000),
  })
}

/** Runs it again after a kill, and holds it to the promise. */
async function rerun(t: Test, input: string, method: Method): Promise<void> {
  const settled = settledOrdinals(input, server.base, 'Patient.ndjson')
  const before = (await server.requests()).length
  const report = await load(input, server.base, { method, ...OPTIONS, maxEntries: 33 })
  const read = LINES + 2 + 41
  t.equal(report.read, read, 'everything is read')
  t.equal(report.loaded + report.failed + report.ambiguous, read, 'and has one outcome')
  t.equal(report.items.done, 3)
  t.equal(errorLines(input, server.base).length, report.failed + report.ambiguous, 'one error line for each')
  const resources = await server.resources()
  const again = await sent(before)
  if (method === 'put') {
    const refused = 30 + 4
    t.match(report, { loaded: read - 2 - refused, failed: refused + 2, ambiguous: 0 })
    t.equal(resources.size, report.loaded, 'nothing is lost')
    for (const ordinal of settled)
      if (again.includes(`PUT Patient/p${ordinal}`)) t.fail(`entry ${ordinal} was settled, and sent again`)
  } else {
    const values = [...resources.values()].map(({ identifier }) => JSON.stringify(identifier))
    t.equal(new Set(values).size, values.length, 'nothing is there twice')
    t.ok(values.length >= report.loaded, 'what is loaded is there')
    t.ok(values.length <= report.loaded + report.ambiguous, 'what else is there is ambiguous')
    t.equal(report.failed, 2, 'only the broken lines')
  }
  t.match(await load(input, server.base, { method }), { settled: 0, bundles: 0, read })
}

const POINTS: Readonly<Record<Method, readonly LoadFaultPoint[]>> = {
  put: LOAD_FAULT_POINTS.filter((point) => point !== 'before-sending' && point !== 'after-sending'),
  post: ['before-sending', 'after-sending', 'after-answer', 'after-errors', 'after-audit'],
}
const FIRST: ReadonlySet<LoadFaultPoint> = new Set(['pass-ended', 'before-report', 'after-report'])

for (const method of ['put', 'post'] as const)
  for (const point of POINTS[method])
    t.test(
      `${method}, killed at ${point} and run again: nothing is lost, nothing settled is sent again`,
      async (t) => {
        const input = await fresh(`${method}-${point}`)
        const nth = FIRST.has(point) ? 1 : 3
        t.equal(
          await killed({ input, base: server.base, overrides: { ...OPTIONS, method }, kill: { point, nth } }),
          'SIGKILL',
        )
        await rerun(t, input, method)
      },
    )

t.test('killed at any moment and run again: nothing is lost, nothing settled is sent again', async (t) => {
  const random = seededRandom('kills of a load')
  for (let round = 0; round < RANDOM_KILLS; round += 1)
    for (const method of ['put', 'post'] as const) {
      const input = await fresh(`random-${method}-${round}`)
      const requests = random.between(1, 17)
      const laterMs = random.below(20)
      await killed({ input, base: server.base, overrides: { ...OPTIONS, method } }, (end) => {
        void seen(server, requests).then(() => setTimeout(end, laterMs))
      })
      await rerun(t, input, method)
    }
})

/** Waits until the server has seen so many requests. */
async function seen({ figures }: FhirServerProcess, count: number): Promise<void> {
  while ((await figures()).requests < count) await new Promise((resolve) => setTimeout(resolve, 2))
}
