import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type BadServer, type Plan, startBadServer } from '../support/bad-fhir-server.js'
import { lines, observationLine, patientLine } from '../support/export-run.js'
import { CONFIG, filesIn, outputsIn } from '../support/pipeline-run.js'
import { type Running, sluice, startSluice } from '../support/sluice.js'

// Larger than two chunks of 4 MiB: a checkpoint begins with the second one.
const FILES = { Patient: [lines(100, patientLine)], Observation: [lines(100_000, observationLine)] }
const WORDS = ['-c', 'config.json', '--as-of', '2026-11-21', '--poll-interval', '1', '--workers', '1']

const words = (server: BadServer, ...more: readonly string[]): string[] => [
  'export',
  ...['--from', server.base, '--to', 'out', ...WORDS, ...more],
]

const workFolder = (t: Test): string => t.testdir({ 'config.json': JSON.stringify(CONFIG) })

const cleanFolder = workFolder(t)
const clean = await startBadServer(t, { files: FILES })
await sluice(words(clean), { cwd: cleanFolder })
const expected = outputsIn(join(cleanFolder, 'out'))
const withoutTimes = (folder: string): unknown => {
  const { startedAt, finishedAt, seconds, source, items, outputs, ...rest } = JSON.parse(
    readFileSync(join(folder, 'out/run.json'), 'utf8'),
  )
  // Addresses and jobs differ from server to server, and which run committed an item is told.
  return {
    ...rest,
    outputs: outputs.map(({ name, bytes, lines }: Record<string, unknown>) => ({ name, bytes, lines })),
  }
}

t.test('the undisturbed export is what the others are held to', async (t) => {
  t.strictSame([...expected.keys()], ['Observation.1.ndjson', 'Patient.1.ndjson'])
})

/** Resolves when it holds; rejects after a minute. */
async function until(holds: () => boolean): Promise<void> {
  for (const endMs = Date.now() + 60_000; !holds(); await delay(20))
    if (Date.now() > endMs) throw new Error('it did not come to that in time')
}

const hasCheckpoint = (folder: string): boolean => {
  const items = join(folder, 'out.sluice/items')
  const journals = [...filesIn(items)].filter(([name]) => name.endsWith('.journal'))
  // Behind the first chunk of 4 MiB: of the large file.
  return journals.some(([, text]) => /"endOffset":4\d{6}/.test(String(text)))
}

const stalled: Plan['file'] = ({ url }, nth, good) =>
  url.includes('Observation') && nth === 1 ? { ...good(), stallAfter: 10_000_000 } : undefined

interface Kill {
  readonly plan: Partial<Plan>
  readonly when: (server: BadServer, folder: string) => boolean
  /** What the second run must have asked. */
  readonly asked?: (server: BadServer) => boolean
}

const rangeOf = (server: BadServer): string | undefined => server.asked.at(-2)?.headers.range

const kills: Readonly<Record<string, Kill>> = {
  'while it waits for the job': {
    plan: { pollsBefore: 2 },
    when: (server) => server.count('GET', /^\/status/) === 1,
  },
  'in the middle of a download, from a server with tags': {
    plan: { file: stalled },
    when: (_, folder) => hasCheckpoint(folder),
    asked: (server) => server.asked.some(({ headers }) => /^bytes=[48]\d{6}-$/.test(headers.range ?? '')),
  },
  'in the middle of a download, from a server without tags': {
    plan: { file: stalled, tags: 'none' },
    when: (_, folder) => hasCheckpoint(folder),
    asked: (server) => rangeOf(server) === undefined,
  },
  'in the middle of a download, compressed': {
    plan: {
      file: (asked, nth, good) => {
        const answer = stalled(asked, nth, good)
        return answer && { ...answer, stallAfter: Buffer.from(answer.body ?? '').length - 20 }
      },
      gzip: true,
    },
    when: (_, folder) => hasCheckpoint(folder),
  },
  'when it says that it is done': {
    plan: { cancel: (_, nth) => (nth === 1 ? { body: 'x', stallAfter: 0 } : undefined) },
    when: (server) => server.count('DELETE', /^\/status/) === 1,
  },
}

for (const [name, { plan, when, asked }] of Object.entries(kills))
  t.test(`killed ${name} and run again: the same job, byte-identical outputs`, async (t) => {
    const server = await startBadServer(t, { files: FILES, ...plan })
    const folder = workFolder(t)
    const first: Running = startSluice(words(server), { cwd: folder })
    await until(() => when(server, folder))
    first.child.kill('SIGKILL')
    await first.finished
    const second = await sluice(words(server), { cwd: folder })
    t.equal(second.exitCode, 0, second.stderr)
    t.equal(server.count('GET', /\$export/), 1, 'one job')
    t.strictSame(outputsIn(join(folder, 'out')), expected)
    t.same(withoutTimes(folder), withoutTimes(cleanFolder))
    if (asked !== undefined) t.ok(asked(server), 'only what is missing was asked for')
    t.notOk(filesIn(join(folder, 'out.sluice')).has('run-secrets.json'))
    t.notMatch([...filesIn(join(folder, 'out.sluice')).keys()].join(' '), /pins|\.part/)
    const third = await sluice(words(server, '--json'), { cwd: folder })
    t.match(JSON.parse(third.stdout), { isComplete: true, isReleased: true })
  })

t.test(
  'a source that changed behind a checkpoint costs the file, and the next run begins it anew',
  async (t) => {
    for (const tags of ['strong', 'none'] as const) {
      const server = await startBadServer(t, { files: FILES, file: stalled, tags })
      const folder = workFolder(t)
      const first = startSluice(words(server), { cwd: folder })
      await until(() => hasCheckpoint(folder))
      first.child.kill('SIGKILL')
      await first.finished
      const changed = { ...FILES, Observation: [FILES.Observation[0]?.replaceAll('weight', 'height') ?? ''] }
      server.plan = { files: changed, tags }
      const second = await sluice(words(server), { cwd: folder })
      t.equal(second.exitCode, 3)
      t.match(second.stdout, /Observation\.1\.ndjson: SOURCE_CHANGED/)
      t.strictSame(readdirSync(join(folder, 'out')), ['Patient.1.ndjson'])
      const third = await sluice(words(server), { cwd: folder })
      t.equal(third.exitCode, 0, third.stderr)
      t.match(String(filesIn(join(folder, 'out')).get('Observation.1.ndjson')), /height/)
    }
  },
)

t.test('an interrupted export is kept, or cancelled where that is asked for', async (t) => {
  const table = [
    { more: [], cancelled: 0, kept: true },
    { more: ['--on-interrupt', 'cancel'], cancelled: 1, kept: false },
  ] as const
  for (const { more, cancelled, kept } of table) {
    const server = await startBadServer(t, { files: FILES, file: stalled })
    const folder = workFolder(t)
    const running = startSluice(words(server, ...more), { cwd: folder })
    await until(() => hasCheckpoint(folder))
    running.child.kill('SIGTERM')
    const { exitCode } = await running.finished
    t.equal(exitCode, 6)
    t.equal(server.count('DELETE', /./), cancelled)
    t.equal(filesIn(join(folder, 'out.sluice')).has('export.json'), kept)
    if (!kept) continue
    const { exitCode: done, stdout } = await sluice(words(server, '--cancel'), { cwd: folder })
    t.match([done, stdout], [0, /cancelled/])
    t.equal(server.count('DELETE', /./), 1)
  }
})

t.test('cancelling a job that the server has forgotten lets go of it', async (t) => {
  const server = await startBadServer(t, { files: FILES, file: stalled, cancel: () => ({ status: 404 }) })
  const folder = workFolder(t)
  const running = startSluice(words(server), { cwd: folder })
  await until(() => hasCheckpoint(folder))
  running.child.kill('SIGTERM')
  t.equal((await running.finished).exitCode, 6)
  const { exitCode, stdout, stderr } = await sluice(words(server, '--cancel'), { cwd: folder })
  t.equal(exitCode, 0, stdout + stderr)
  t.notOk(filesIn(join(folder, 'out.sluice')).has('export.json'))
  const again = await sluice(words(server), { cwd: folder })
  t.equal(again.exitCode, 0, again.stderr)
  t.equal(server.count('GET', /\$export/), 2, 'another job is started')
})
