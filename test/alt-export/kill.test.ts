import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { AltExportReport } from '../../src/alt-export/options.js'
import { FAULT_POINTS } from '../../src/pipeline/options.js'
import { startFhirServer } from '../fhir-server/server.js'
import { cohortResources, idsIn } from '../support/alt-export-run.js'
import { filesIn } from '../support/pipeline-run.js'
import { seededRandom } from '../support/random.js'
import type { Death } from './killed-run.js'

t.jobs = 2

const ENTRY = fileURLToPath(new URL('killed-run.js', import.meta.url))
const PATIENTS = 120
const ALL = PATIENTS * 4 + 3

interface Ended {
  readonly signal: string | null
  readonly report: AltExportReport | undefined
}

async function run(order: object): Promise<Ended> {
  const { NODE_OPTIONS: _, ...env } = process.env
  const child = spawn(process.execPath, [ENTRY, JSON.stringify(order)], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', (piece: Buffer) => {
    text += piece.toString()
  })
  const [, signal] = (await once(child, 'close')) as [number | null, string | null]
  return { signal, report: signal === null ? (JSON.parse(text) as AltExportReport) : undefined }
}

// With SLUICE_KILLS, at every point of the write path, and at the first six pages.
const isLong = process.env.SLUICE_KILLS !== undefined
const DEATHS: readonly Death[] = isLong
  ? [
      ...FAULT_POINTS.flatMap((at) => [1, 3].map((nth) => ({ at, nth }))),
      ...[1, 2, 3, 4, 5, 6, 9, 12].map((nth) => ({ at: 'page', nth }) as const),
      ...(['alt-export.started', 'alt-export.ids', 'item.committed'] as const).map((at) => ({ at, nth: 1 })),
    ]
  : [
      { at: 'page', nth: 11 },
      { at: 'after-rename', nth: 3 },
      { at: 'after-report', nth: 1 },
    ]

for (const death of DEATHS)
  t.test(`killed at ${death.at} ${death.nth} and run again: nothing is lost or doubled`, async (t) => {
    const server = await startFhirServer()
    t.teardown(() => server.close())
    server.seed(cohortResources(PATIENTS))
    const output = join(t.testdir(), 'out')
    const order = { base: server.base, output, isRaw: false }
    const first = await run({ ...order, death })
    // Not every point is on the way of small items.
    if (!isLong) t.equal(first.signal, 'SIGKILL')
    const inProgress = filesIn(`${output}.sluice`)
    const isGathered = inProgress.has('alt-export/ids.ndjson')
    if (isGathered)
      t.equal(
        statSync(join(`${output}.sluice`, 'alt-export/ids.ndjson')).mode & 0o077,
        0,
        'ids are the owner’s',
      )
    const committed = new Set([...filesIn(output).keys()].filter((name) => name.endsWith('.xndjson')))
    server.forgetRequests()
    const { report } = await run({ ...order, death: { at: 'never', nth: 1 } })
    t.match(report, { isComplete: true, run: { failed: [] } })
    const found = idsIn(output, /xndjson$/)
    t.equal(found.size, ALL)
    t.ok(
      [...found.values()].every((count) => count === 1),
      'no resource twice',
    )
    t.equal(JSON.parse(String(filesIn(output).get('_completed_run.xjson'))).uniqueidstoprocess, PATIENTS)
    const asked = server.requests.map(({ path }) => path)
    if (isGathered) t.notOk(asked.includes('Patient?_count=50'), 'the ids are not gathered again')
    t.strictSame(
      asked.flatMap((path) => itemOf(path) ?? []).filter((name) => committed.has(name)),
      [],
      'what is finished is not asked for again',
    )
    t.notMatch([...filesIn(`${output}.sluice`).keys()].join(' '), /alt-export\/|\.part|run-secrets/)
  })

/** The item that a search belongs to, by its type and first id: 50 ids each. */
function itemOf(path: string): string | undefined {
  const [, type, first] = /^(\w+)\?(?:_id|patient)=p(\d+)/.exec(decodeURIComponent(path)) ?? []
  return first && `${type}-${(Number(first) - 1) / 50 + 1}.xndjson`
}

t.test(
  'killed again and again, while every 7th answer is lost and data changes: nothing is lost or doubled',
  async (t) => {
    if (!isLong) return t.comment('skipped: needs SLUICE_KILLS')
    const random = seededRandom('kills')
    for (let round = 0; round < 6; round += 1) {
      const server = await startFhirServer({ links: 'shuffled' })
      t.teardown(() => server.close())
      server.seed(cohortResources(PATIENTS))
      server.script({ when: { every: 7 }, act: { kind: 'reset', at: 'after' } })
      const output = join(t.testdir(), String(round))
      const order = { base: server.base, output, isRaw: round % 2 === 1 }
      for (let kills = 0; kills < 4; kills += 1) {
        await run({ ...order, death: { at: 'page', nth: random.between(2, 13) } })
        // What a search brought before, it may not bring again.
        for (const resource of server.resources().values())
          if (resource.resourceType === 'Patient' && random.chance(0.3))
            server.seed([{ ...resource, generalPractitioner: undefined }])
      }
      const { report } = await run({ ...order, death: { at: 'never', nth: 1 } })
      t.match(report, { isComplete: true })
      const found = idsIn(output, /xndjson$/)
      t.strictSame(
        [found.size, Math.max(...found.values())],
        [ALL, 1],
        `SLUICE_SEED=${random.seed} repeats it`,
      )
    }
  },
)

t.test('a raw export that is killed is resumed, too', async (t) => {
  for (const nth of isLong ? [4, 9] : [9]) {
    const server = await startFhirServer()
    t.teardown(() => server.close())
    server.seed(cohortResources(PATIENTS))
    const output = join(t.testdir(), String(nth))
    const order = { base: server.base, output, isRaw: true }
    t.equal((await run({ ...order, death: { at: 'page', nth } })).signal, 'SIGKILL')
    t.match((await run({ ...order, death: { at: 'never', nth } })).report, { isComplete: true })
    const found = idsIn(output, /xndjson$/)
    t.strictSame([found.size, Math.max(...found.values())], [ALL, 1])
  }
})
