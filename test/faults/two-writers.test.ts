// Holds src/storage/folder/folder-lock.ts, src/storage/folder/folder-epoch.ts,
// src/storage/process-identity.ts, src/storage/lock-wait.ts.
import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, utimesSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { kill } from 'node:process'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { FaultPoint } from '../../src/pipeline/options.js'
import type { RunReport } from '../../src/pipeline/report/report.js'
import { type LockTimes, lockFolder } from '../../src/storage/folder/folder-lock.js'
import { thisProcess } from '../../src/storage/process-identity.js'
import {
  codeOf,
  type Ended,
  filesIn,
  listen,
  outputsIn,
  run,
  runProcess,
  syntheticLines,
  writeFiles,
} from '../support/pipeline-run.js'
import { seededRandom } from '../support/random.js'

// More of each with SLUICE_TWO_WRITER_ROUNDS=5.
const LONG_ROUNDS = Number(process.env.SLUICE_TWO_WRITER_ROUNDS ?? 0)
const ROUNDS = Math.max(2, LONG_ROUNDS)
// As in use, a hundred times as fast; and slow enough for a machine with both cores busy.
const TIMES: LockTimes = { beatEveryMs: 100, staleAfterMs: 1_500, lookEveryMs: 50 }

const folder = t.testdir()
const input = writeFiles(join(folder, 'in'), {
  'x.ndjson': syntheticLines(700_000),
  'y.ndjson': syntheticLines(200_000, 2),
})
const clean = join(folder, 'clean')
const expectedReport = await run(input, clean)
const expected = outputsIn(clean)

const unshared: SpawnSyncReturns<string> = spawnSync('unshare', ['--uts', 'true'], { encoding: 'utf8' })
const skip = unshared.status === 0 ? false : 'unshare --uts is not permitted here'
if (skip !== false) console.log(`# skipped: ${skip}`)

/** A command on another host of the same disk, as far as a process can tell. */
const onHost = (name: string): readonly string[] => [
  'unshare',
  '--uts',
  'sh',
  '-c',
  `hostname ${name} && exec "$@"`,
  'sh',
]

const until = async (what: string, isSo: () => boolean, seconds = 60): Promise<void> => {
  const deadlineMs = performance.now() + seconds * 1000
  while (!isSo()) {
    if (performance.now() > deadlineMs) throw new Error(`after ${seconds} s still not: ${what}`)
    await wait(10)
  }
}

const digestsOf = ({ outputs }: Pick<RunReport, 'outputs'>) =>
  outputs.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 }))

function checkOutputs(t: Test, output: string, name: string): void {
  t.strictSame(outputsIn(output), expected, `${name}: the outputs are those of one run, and nothing else`)
  const report = JSON.parse(readFileSync(join(output, 'run.json'), 'utf8'))
  t.strictSame(report.lines, expectedReport.lines, name)
  t.strictSame(digestsOf(report), digestsOf(expectedReport), `${name}: digests too`)
  t.notOk(filesIn(`${output}.sluice`).has('lock'), 'nobody holds it')
}

const thaw = (file: string): void => void kill(Number(readFileSync(file, 'utf8')), 'SIGCONT')

// Where the first run is when it freezes: before, between and after each step towards a commit.
const FREEZES: readonly (readonly [FaultPoint, number])[] = [
  ['after-append', 3],
  ['before-rename', 1],
  ['after-rename', 1],
  ['before-report', 1],
]
const MORE_FREEZES: typeof FREEZES = [
  ...FREEZES,
  ['slab-read', 2],
  ['before-append', 3],
  ['before-journal', 2],
  ['after-journal', 4],
  ['before-fsync', 1],
  ['after-fsync', 1],
  ['before-done', 1],
  ['after-done', 1],
  ['after-report', 1],
]

t.test(
  'a run that freezes on one host while another takes over never doubles or mixes lines',
  { skip },
  async (t) => {
    const random = seededRandom('frozen holders')
    const freezes = LONG_ROUNDS > 0 ? Array.from({ length: LONG_ROUNDS }, () => MORE_FREEZES).flat() : FREEZES
    for (const [round, [point, nth]] of freezes.entries()) {
      const name = `${point} ${nth}, round ${round}`
      const output = join(folder, `frozen-${round}`)
      const file = join(folder, `frozen-${round}.pid`)
      const options = { input, output, lockTimes: TIMES }
      const first = runProcess({ ...options, stop: { point, nth, file } }, undefined, onHost('one'))
      await until('the first run is frozen', () => existsSync(file) && readFileSync(file, 'utf8') !== '')
      // The second is in the midst of it, or through, when the first moves again.
      const trace = join(folder, `frozen-${round}.trace`)
      const second = runProcess({ ...options, trace }, undefined, onHost('two'))
      let isThrough = false
      void second.then(() => {
        isThrough = true
      })
      const lines = random.between(1, 12)
      const traced = () => (existsSync(trace) ? readFileSync(trace, 'utf8').split('\n').length : 0)
      await until('the second run has taken over', () => isThrough || traced() > lines)
      thaw(file)
      const ended = { first: await first, second: await second }
      t.equal(ended.second.exitCode, 0, `${name}: the second run completes: ${ended.second.stderr}`)
      if (ended.first.exitCode !== 0)
        t.equal(ended.first.stderr, 'SINK_LOCKED', `${name}: the first run stops`)
      checkOutputs(t, output, name)
      // And whatever the two left behind, a third one finds everything done.
      const report = await run(input, output, { lockTimes: TIMES })
      t.match(report.items, { committed: 0, finishedBefore: 2 }, name)
      checkOutputs(t, output, `${name}, run again`)
    }
  },
)

t.test(
  'two hosts that start at once, with clocks an hour apart: one does the work, the other waits or is told',
  { skip },
  async (t) => {
    const random = seededRandom('two hosts')
    for (let round = 0; round < ROUNDS; round += 1) {
      const output = join(folder, `two-${round}`)
      const options = { input, output, lockTimes: TIMES }
      const both = await Promise.all([
        runProcess({ ...options, clockSkewMs: -3_600_000 }, undefined, onHost('one')),
        wait(random.below(300)).then(() => runProcess(options, undefined, onHost('two'))),
      ])
      const done = both.filter(({ exitCode }) => exitCode === 0)
      t.ok(done.length >= 1, both.map(({ stderr }) => stderr).join())
      for (const { exitCode, stderr } of both) if (exitCode !== 0) t.equal(stderr, 'SINK_LOCKED')
      checkOutputs(t, output, `round ${round}`)
    }
  },
)

t.test('what a lock says of time is not believed: only whether it changes while it is watched', async (t) => {
  const state = join(folder, 'skewed.sluice')
  for (const hours of LONG_ROUNDS > 0 ? [-10_000, -1, -0.03, 0.03, 1, 10_000] : [-0.03, 1]) {
    const me = await thisProcess('x')
    writeFiles(state, { lock: JSON.stringify({ ...me, host: 'elsewhere' }) })
    const then = Date.now() / 1000 + hours * 3600
    utimesSync(join(state, 'lock'), then, then)
    const beganMs = performance.now()
    const lock = await lockFolder(state, {}, TIMES)
    const waitedMs = performance.now() - beganMs
    t.ok(
      waitedMs >= TIMES.staleAfterMs - TIMES.lookEveryMs,
      `${hours} hours: taken over after ${waitedMs} ms`,
    )
    await lock.release()
    // One that is alive, whatever its clock says: it changes, and so is believed at once.
    writeFiles(state, { lock: JSON.stringify({ ...me, host: 'elsewhere' }) })
    const beat = setInterval(
      () => utimesSync(join(state, 'lock'), then, then - Math.random()),
      TIMES.beatEveryMs,
    )
    t.equal(await codeOf(lockFolder(state, {}, TIMES)), 'SINK_LOCKED', `${hours} hours`)
    clearInterval(beat)
    execFileSync('rm', ['-r', state])
  }
})

t.test(
  'a lock is taken over at once, after a while, or never, as its holder can be asked or not',
  async (t) => {
    const holder = { ...(await thisProcess('x')), started: '1' }
    const now = await thisProcess('x')
    const rows = [
      ['a number that was used again', JSON.stringify(holder), 'at once'],
      ['nonsense', 'not a lock', 'at once'],
      ['empty', '', 'at once'],
      ['this very process', JSON.stringify(now), 'never'],
      [
        'another container of the same name',
        JSON.stringify({ ...holder, space: 'elsewhere' }),
        'after a while',
      ],
      ['an older version', JSON.stringify({ ...holder, space: undefined }), 'after a while'],
      ['another machine', JSON.stringify({ ...holder, host: 'elsewhere' }), 'after a while'],
    ] as const
    for (const [name, lock, when] of rows) {
      const state = writeFiles(join(folder, `lock ${name}.sluice`), { lock })
      const impatient = await codeOf(
        lockFolder(state, { isPatient: false }, TIMES).then(({ release }) => release()),
      )
      t.equal(impatient, when === 'at once' ? undefined : 'SINK_LOCKED', `${name}: asked without waiting`)
      writeFiles(state, { lock })
      const waits: number[] = []
      const onWait = ({ maxSeconds }: { readonly maxSeconds: number }) => waits.push(maxSeconds)
      const code = await codeOf(lockFolder(state, { onWait }, TIMES).then(({ release }) => release()))
      t.equal(code, when === 'never' ? 'SINK_LOCKED' : undefined, name)
      t.equal(waits.length, when === 'after a while' ? 1 : 0, `${name}: says once that it waits`)
    }
  },
)

t.test('the wait for a lock can be interrupted, and says what it is for', async (t) => {
  const output = join(folder, 'interrupted')
  const lock = JSON.stringify({ ...(await thisProcess('x')), host: 'elsewhere' })
  writeFiles(`${output}.sluice`, { lock })
  const controller = new AbortController()
  const { events, onEvent } = listen()
  const running = codeOf(
    run(input, output, {
      signal: controller.signal,
      onEvent: (event) => {
        onEvent(event)
        if (event.event === 'lock.waiting') controller.abort()
      },
    }),
  )
  t.equal(await running, 'INTERRUPTED')
  t.match(events, [{ event: 'lock.waiting', place: join(`${output}.sluice`, 'lock'), maxSeconds: 60 }])
  t.equal(readFileSync(join(`${output}.sluice`, 'lock'), 'utf8'), lock, 'it is left as it was')
})

t.test(
  'a lock that is taken away while a run works stops the run, also where nobody else begins',
  async (t) => {
    for (const point of ['after-journal', 'before-rename'] as const) {
      const output = join(folder, `removed ${point}`)
      let isRemoved = false
      const code = await codeOf(
        run(input, output, {
          faultPoint: (reached) => {
            if (reached !== point || isRemoved) return
            isRemoved = true
            execFileSync('rm', [join(`${output}.sluice`, 'lock')])
          },
        }),
      )
      t.equal(code, 'SINK_LOCKED', point)
      await run(input, output)
      checkOutputs(t, output, point)
    }
  },
)

t.test(
  'the half-written output of a process that may be alive is not gone on with; that of one that has ended is',
  async (t) => {
    const kill = { point: 'after-journal', nth: 5 } as const
    for (const [name, wrapper, isResumed] of [
      ['same host', [], true],
      ['another host', onHost('elsewhere'), false],
    ] as const) {
      if (wrapper.length > 0 && skip !== false) continue
      const output = join(folder, `left by ${name}`)
      const ended: Ended = await runProcess({ input, output, kill }, undefined, wrapper)
      t.ok(ended.signal === 'SIGKILL' || ended.exitCode === 137, `${name}: ${ended.stderr}`)
      const { events, onEvent } = listen()
      await run(input, output, { onEvent, lockTimes: TIMES })
      t.equal(
        events.some(({ event }) => event === 'item.resumed'),
        isResumed,
        `${name}, seen from ${hostname()}`,
      )
      checkOutputs(t, output, name)
    }
  },
)
