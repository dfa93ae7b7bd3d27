// Holds src/commands/run/join.ts,
// src/commands/anonymize/task-options.ts,
// src/runs/join-once.ts,
// src/runs/run-end.ts.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { wholeOutputs } from '../../support/joined-run.js'
import { CONFIG, outputsIn, syntheticLines, writeFiles } from '../../support/pipeline-run.js'
import { sluice, startSluice } from '../../support/sluice.js'
import { verbRun } from '../../support/verb-run.js'

const FOLDERS = {
  source: { store: 'in' },
  anonymizer: { config: 'config.json', asOf: '2026-11-21' },
  sink: { store: 'lake' },
  limits: { workers: 1 },
}

function place(t: Test, pipeline: object, files: Readonly<Record<string, string | Buffer>>): string {
  return writeFiles(t.testdir(), {
    'pipeline.json': JSON.stringify(pipeline),
    'config.json': JSON.stringify(CONFIG),
    ...Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`in/${name}`, bytes])),
  })
}

async function webhook(t: Test) {
  const messages: Record<string, unknown>[] = []
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    messages.push(JSON.parse(Buffer.concat(pieces).toString()))
    response.writeHead(200).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { messages, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

interface Listed {
  readonly run: string
  readonly state: string
}

async function runsOf(cwd: string): Promise<readonly Listed[]> {
  const { stdout } = await sluice(['run', 'pipeline.json', '--status', '--json'], { cwd })
  return JSON.parse(stdout)
}

t.test(
  'tasks share a run of a pipeline; the one that ends it records it, notifies and cleans up',
  async (t) => {
    const { messages, url } = await webhook(t)
    const bad = '{"resourceType":"Patient","nosuch":1}\n'
    const cwd = place(
      t,
      { ...FOLDERS, notify: { url }, retention: { keepLast: 1 } },
      { 'large.ndjson': syntheticLines(20_000_000), 'small.ndjson': syntheticLines(50_000, 2) + bad },
    )
    const alone = await sluice(['run', 'pipeline.json'], { cwd })
    t.equal(alone.exitCode, 10, alone.stderr)
    const [before] = await runsOf(cwd)
    const expected = wholeOutputs(outputsIn(join(cwd, 'lake', before?.run ?? '')))
    messages.length = 0

    const words = ['run', 'pipeline.json', '--join', '--run-id', 'monday', '--range-bytes', '8MiB']
    const killed = startSluice([...words, '-v'], { cwd })
    await killed.saw('plan.written')
    killed.child.kill('SIGSTOP')
    const [, going] = await runsOf(cwd)
    // Between two units, nothing tells that a task is at work.
    t.ok(going?.state === 'running' || going?.state === 'interrupted', going?.state ?? 'not listed')
    killed.child.kill('SIGKILL')
    await killed.finished
    const ended = await Promise.all([1, 2, 3].map(() => sluice(words, { cwd })))
    for (const { exitCode, stderr } of ended) t.equal(exitCode, 0, stderr)
    t.equal(ended.filter(({ stdout }) => stdout.includes('files anonymized')).length, 1, 'one ends the run')
    t.match(messages, [{ event: 'run.succeeded', exitCode: 0, lines: { quarantined: 1 } }])
    t.equal(messages.length, 1)
    const runs = await runsOf(cwd)
    t.match(runs, [{ state: 'succeeded' }, { state: 'succeeded' }])
    const run = runs.at(-1)?.run ?? ''
    t.strictSame(
      wholeOutputs(outputsIn(join(cwd, 'lake', run))),
      expected,
      'the bytes of a run in one process',
    )
    t.strictSame(
      [...outputsIn(join(cwd, 'lake', before?.run ?? '')).keys()],
      [],
      'retention removed the other',
    )

    const late = await sluice(words, { cwd })
    t.equal(late.exitCode, 0, late.stderr)
    t.match(late.stdout, /the run monday ended at .*: nothing is left to do\nto run it again, give another/)
    const asJson = await sluice([...words, '--json'], { cwd })
    t.match(JSON.parse(asJson.stdout), { kind: 'ended-before', isEmptyFailure: false })
    t.equal(messages.length, 1)
    const differing = await sluice([...words.slice(0, -1), '4MiB'], { cwd })
    t.equal(differing.exitCode, 2)
    t.match(differing.stderr, 'PLAN_DIFFERS')
  },
)

t.test('tasks take what is new, whatever took the rest; all agree on what that is', async (t) => {
  const cwd = place(t, { ...FOLDERS, onlyNew: true }, { 'a.ndjson': syntheticLines(20_000) })
  const task = (runId: string, ...more: readonly string[]) =>
    sluice(['run', 'pipeline.json', '--join', '--run-id', runId, '--json', ...more], { cwd })
  const itemsOf = async () => [...outputsIn(join(cwd, 'lake', (await runsOf(cwd)).at(-1)?.run ?? '')).keys()]
  t.equal((await sluice(['run', 'pipeline.json'], { cwd })).exitCode, 0)
  writeFiles(cwd, { 'in/b.ndjson': syntheticLines(20_000, 2), 'in/c.ndjson': syntheticLines(20_000, 3) })
  const first = await task('1', '--shard', '1/2')
  t.equal(first.exitCode, 0, first.stderr)
  const [, second] = await Promise.all([task('1'), task('1')])
  t.equal(second?.exitCode, 0, second?.stderr)
  t.strictSame(await itemsOf(), ['b.ndjson', 'c.ndjson'])
  t.match(JSON.parse((await task('1')).stdout), { kind: 'ended-before' }, 'a late task finds the same run')
  writeFiles(cwd, { 'in/d.ndjson': syntheticLines(20_000, 4) })
  t.match(JSON.parse((await task('2')).stdout), { lines: { quarantined: 0 }, isIncrement: true })
  t.strictSame(await itemsOf(), ['d.ndjson'])
  writeFiles(cwd, { 'in/e.ndjson': syntheticLines(20_000, 5) })
  t.equal((await sluice(['run', 'pipeline.json'], { cwd })).exitCode, 0)
  t.strictSame(await itemsOf(), ['e.ndjson'], 'a run in one process goes on from there')
})

t.test('a run in one process and tasks continue each other; an empty run stays a failure', async (t) => {
  const cwd = place(t, FOLDERS, {
    'a.ndjson': syntheticLines(20_000),
    'b.ndjson': syntheticLines(70_000_000),
  })
  const words = ['run', 'pipeline.json', '--join', '--run-id', 'x']
  const alone = startSluice(['run', 'pipeline.json'], { cwd })
  await alone.saw('pipeline.started')
  alone.child.kill('SIGKILL')
  await alone.finished
  const shard = await sluice([...words, '--shard', '1/2'], { cwd })
  t.match(shard.stdout, /unit is left to other tasks/, shard.stderr)
  const refused = await sluice(['run', 'pipeline.json'], { cwd })
  t.equal(refused.exitCode, 4)
  t.match(refused.stderr, 'continue it with --join')
  t.equal((await sluice([...words, '--shard', '2/2'], { cwd })).exitCode, 0)
  const runs = await runsOf(cwd)
  t.match(runs, [{ state: 'succeeded' }])
  t.equal(runs.length, 1, 'in the same folder')

  const empty = place(t, FOLDERS, { 'a.ndjson': '' })
  for (const time of ['first', 'late']) {
    const { exitCode, stdout, stderr } = await sluice(words, { cwd: empty })
    t.equal(exitCode, 3, `${time}: ${stdout}${stderr}`)
  }
})

t.test('what tasks cannot share is refused', async (t) => {
  const cwd = place(t, FOLDERS, { 'a.ndjson': '' })
  const cases: readonly (readonly [object, readonly string[], RegExp])[] = [
    [FOLDERS, ['--join'], /--join needs --run-id/],
    [FOLDERS, ['--join', '--run-id', 'x', '--daemon'], /--join and --daemon exclude each other/],
    [FOLDERS, ['--run-id', 'x'], /--run-id needs --join/],
    [{ ...FOLDERS, source: { fhir: 'https://h.example' } }, ['--join', '--run-id', 'x'], /export --raw/],
    [{ ...FOLDERS, sink: { store: 'lake', splitBytes: '1MiB' } }, ['--join', '--run-id', 'x'], /splitBytes/],
  ]
  for (const [pipeline, words, text] of cases) {
    writeFiles(cwd, { 'pipeline.json': JSON.stringify(pipeline) })
    const { exitCode, stderr } = await verbRun(['run', join(cwd, 'pipeline.json'), ...words])
    t.equal(exitCode, 2, words.join(' '))
    t.match(stderr, text)
  }
})
