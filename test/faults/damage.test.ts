import {
  appendFileSync,
  closeSync,
  cpSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { FaultPoint } from '../../src/pipeline/options.js'
import { runPipeline } from '../../src/pipeline/run.js'
import { folderSink, folderSource } from '../../src/storage/folder/folder.js'
import { splitSink } from '../../src/storage/split.js'
import { elementAt } from '../support/elements.js'
import {
  codeOf,
  filesIn,
  listen,
  outputsIn,
  planFor,
  run,
  runProcess,
  syntheticLines,
  writeFiles,
} from '../support/pipeline-run.js'
import { seededRandom } from '../support/random.js'

// All of it, and that many random places, with SLUICE_DAMAGE_ROUNDS=20.
const LONG_ROUNDS = Number(process.env.SLUICE_DAMAGE_ROUNDS ?? 0)
const ROUNDS = Math.max(3, LONG_ROUNDS)
const folder = t.testdir()
// Some lines are rejected, in every chunk.
const lines = syntheticLines(600_000)
  .toString()
  .split('\n')
  .flatMap((line, at) => (at % 37 === 0 ? [line, `{"resourceType":"Patient","unknown":${at}}`] : [line]))
const input = writeFiles(join(folder, 'in'), { 'x.ndjson': lines.join('\n') })
const clean = join(folder, 'clean')
const cleanReport = await run(input, clean)
const expected = outputsIn(clean)
const expectedQuarantine = filesIn(`${clean}.sluice`).get('quarantine/x.ndjson.ndjson')

async function killed(name: string, point: FaultPoint, nth: number): Promise<string> {
  const output = join(folder, name)
  const ended = await runProcess({ input, output, kill: { point, nth } })
  t.equal(ended.signal, 'SIGKILL', `${name}: ${ended.stderr}`)
  return output
}

function fileIn(place: string, ending: string): string {
  const name = readdirSync(place, { recursive: true, encoding: 'utf8' }).find((each) => each.endsWith(ending))
  if (name === undefined) throw new Error(`nothing in ${place} ends in ${ending}`)
  return join(place, name)
}

const partIn = (output: string): string => fileIn(output, '.part')
const quarantineIn = (output: string): string => join(`${output}.sluice`, 'quarantine/x.ndjson.ndjson')

function write(path: string, at: number, bytes: Uint8Array): void {
  const file = openSync(path, 'r+')
  writeSync(file, bytes, 0, bytes.length, at)
  closeSync(file)
}

function flip(path: string, share: number): void {
  const bytes = readFileSync(path)
  const at = Math.min(bytes.length - 1, Math.floor(bytes.length * share))
  write(path, at, Buffer.from([elementAt(bytes, at) ^ 0x10]))
}

/** Damages of any file. */
const ALL_DAMAGES: Readonly<Record<string, (path: string) => void>> = {
  'zeros in the middle': (path) => write(path, Math.floor(statSync(path).size / 2), Buffer.alloc(40)),
  'all zeros': (path) => writeFileSync(path, Buffer.alloc(statSync(path).size)),
  'a bit flipped at its start': (path) => flip(path, 0),
  'a bit flipped near its end': (path) => flip(path, 0.7),
  'cut in the middle': (path) => truncateSync(path, Math.floor(statSync(path).size / 2)),
  empty: (path) => truncateSync(path, 0),
  'longer by zeros': (path) => appendFileSync(path, Buffer.alloc(1000)),
  'longer by a line': (path) => appendFileSync(path, '{"resourceType":"Patient","id":"foreign"}\n'),
  gone: (path) => rmSync(path),
  'of another file': (path) => writeFileSync(path, 'something else\n'),
}

// Each run takes half a second.
const SHORT = new Set(['zeros in the middle', 'a bit flipped near its end', 'longer by a line'])
const DAMAGES = Object.fromEntries(
  Object.entries(ALL_DAMAGES).filter(([name]) => LONG_ROUNDS > 0 || SHORT.has(name)),
)

function check(t: Test, output: string, name: string): void {
  t.strictSame(outputsIn(output), expected, `${name}: the output is that of a run that was never damaged`)
  t.strictSame(filesIn(`${output}.sluice`).get('quarantine/x.ndjson.ndjson'), expectedQuarantine, name)
  const { lines, outputs } = JSON.parse(readFileSync(join(`${output}.sluice`, 'run.json'), 'utf8'))
  t.strictSame({ lines, outputs }, { lines: cleanReport.lines, outputs: cleanReport.outputs }, name)
}

t.test(
  'a half-written output or quarantine that was damaged is found, redone and never committed',
  async (t) => {
    const left = await killed('left', 'after-journal', 7)
    for (const [what, place] of Object.entries({ part: partIn, quarantine: quarantineIn }))
      for (const [name, damage] of Object.entries(DAMAGES)) {
        const output = join(folder, `${what} ${name}`)
        cpSync(left, output, { recursive: true, preserveTimestamps: true })
        cpSync(`${left}.sluice`, `${output}.sluice`, { recursive: true, preserveTimestamps: true })
        damage(place(output))
        await run(input, output)
        check(t, output, `${what} ${name}`)
      }
  },
)

t.test('only what follows the damage is redone', async (t) => {
  const random = seededRandom('damaged parts')
  const left = await killed('good', 'after-journal', 7)
  const { size } = statSync(partIn(left))
  let resumed = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    const output = join(folder, `good-${round}`)
    cpSync(left, output, { recursive: true })
    cpSync(`${left}.sluice`, `${output}.sluice`, { recursive: true })
    const at = random.below(size)
    write(partIn(output), at, Buffer.from([0]))
    const { events, onEvent } = listen()
    await run(input, output, { onEvent })
    check(t, output, `a zero at ${at} of ${size}`)
    const from = events.find(({ event }) => event === 'item.resumed')
    if (from !== undefined) {
      resumed += 1
      t.ok(events.some(({ event }) => event === 'checkpoint.damaged') || at > size * 0.8, 'it is told')
    }
    // The first entry covers two chunks, which are 83,000 bytes of this output.
    else t.ok(at < 84_000, `nothing before ${at} is good`)
  }
  t.ok(resumed > 0, `${resumed} of ${ROUNDS} rounds went on from a good place`)
})

t.test('a complete output that was damaged before it appeared, or just after, is redone', async (t) => {
  for (const [point, place] of [
    ['before-rename', partIn],
    ['after-rename', (output: string) => join(output, 'x.ndjson')],
  ] as const)
    for (const isTimeKept of [false, true]) {
      const name = `${point}, ${isTimeKept ? 'with its time' : 'touched'}`
      const output = await killed(name, point, 1)
      const path = place(output)
      const { atime, mtime } = statSync(path)
      flip(path, 0.5)
      if (isTimeKept) utimesSync(path, atime, mtime)
      const code = await codeOf(run(input, output))
      if (code === undefined) check(t, output, name)
      // Under its final name it may be somebody's work: it is not replaced without being asked.
      else t.equal(point === 'after-rename' ? code : undefined, 'SINK_CONFLICT', name)
    }
})

t.test('a split output that was damaged is redone', async (t) => {
  const options = { source: folderSource(input), plan: planFor(), workers: 2, chunkBytes: 64 * 1024 }
  const whole = join(folder, 'split')
  const { outputs } = await runPipeline({ ...options, sink: splitSink(folderSink(whole), 150_000) })
  for (const [name, damage] of Object.entries(DAMAGES))
    for (const number of [1, 2]) {
      const output = join(folder, `split ${name} ${number}`)
      const controller = new AbortController()
      let journaled = 0
      const stopped = runPipeline({
        ...options,
        sink: splitSink(folderSink(output), 150_000),
        signal: controller.signal,
        faultPoint: (point) => {
          if (point === 'after-journal' && ++journaled === 7) controller.abort()
        },
      })
      t.equal(await codeOf(stopped), 'INTERRUPTED')
      const part = readdirSync(output).find((each) => each.startsWith(`x-0000${number}`)) ?? ''
      damage(join(output, part))
      const report = await runPipeline({ ...options, sink: splitSink(folderSink(output), 150_000) })
      t.strictSame(outputsIn(output), outputsIn(whole), `${name}, part ${number}`)
      t.strictSame(report.outputs, outputs)
    }
})

t.test('a damaged record of finished work costs no data and no conflict', async (t) => {
  const done = await killed('done', 'before-report', 1)
  await run(input, done)
  for (const [name, damage] of Object.entries(DAMAGES)) {
    const output = join(folder, `done ${name}`)
    cpSync(done, output, { recursive: true })
    cpSync(`${done}.sluice`, `${output}.sluice`, { recursive: true })
    damage(fileIn(`${output}.sluice`, '.log'))
    await run(input, output)
    check(t, output, `done record ${name}`)
  }
})

t.test(
  'any file of the state may be damaged: the next run completes or says why, and nothing is wrong',
  async (t) => {
    const left = await killed('any', 'after-journal', 7)
    for (const file of ['.journal', 'epoch.json', 'lock', 'run-secrets.json'])
      for (const [name, damage] of Object.entries(DAMAGES)) {
        const output = join(folder, `any ${file} ${name}`)
        cpSync(left, output, { recursive: true })
        cpSync(`${left}.sluice`, `${output}.sluice`, { recursive: true })
        damage(fileIn(`${output}.sluice`, file))
        await run(input, output, { lockTimes: { beatEveryMs: 100, staleAfterMs: 300, lookEveryMs: 50 } })
        check(t, output, `${file} ${name}`)
      }
  },
)

t.test(
  'outputs that were copied with their state are finished, those that lost it are recognized and replaced',
  async (t) => {
    const cases: Readonly<Record<string, (output: string) => void>> = {
      'copied with its state': () => {},
      'without its state': (output) => rmSync(`${output}.sluice`, { recursive: true }),
      'without its done records': (output) => rmSync(join(`${output}.sluice`, 'items'), { recursive: true }),
      'without run.json': (output) => rmSync(join(output, 'run.json')),
      'touched by somebody': (output) => utimesSync(join(output, 'x.ndjson'), 1, 1),
    }
    for (const [name, change] of Object.entries(cases)) {
      const output = join(folder, `copy ${name}`)
      cpSync(clean, output, { recursive: true })
      cpSync(`${clean}.sluice`, `${output}.sluice`, { recursive: true })
      change(output)
      const { events, onEvent } = listen()
      const report = await run(input, output, { onEvent })
      check(t, output, name)
      const isFinished = !name.includes('without its')
      t.equal(report.items.finishedBefore, isFinished ? 1 : 0, `${name}: finished work is not redone`)
      t.ok(
        events.some(({ event }) => event === 'output.recognized'),
        `${name}: it is told`,
      )
    }
  },
)

t.test('an output that is not what run.json says is still a conflict', async (t) => {
  for (const [name, damage] of Object.entries(DAMAGES)) {
    if (name === 'gone') continue
    for (const hasState of [true, false]) {
      const output = join(folder, `conflict ${name} ${hasState}`)
      cpSync(clean, output, { recursive: true })
      if (hasState) cpSync(`${clean}.sluice`, `${output}.sluice`, { recursive: true })
      damage(join(output, 'x.ndjson'))
      const there = outputsIn(output)
      t.equal(await codeOf(run(input, output)), 'SINK_CONFLICT', name)
      t.strictSame(outputsIn(output), there, 'it is left as it is')
    }
  }
})

t.test('a temporary file that was replaced by a link is not followed', async (t) => {
  const left = await killed('links', 'after-journal', 7)
  for (const [name, make] of Object.entries({ symbolic: symlinkSync, hard: linkSync })) {
    const output = join(folder, `link ${name}`)
    cpSync(left, output, { recursive: true })
    cpSync(`${left}.sluice`, `${output}.sluice`, { recursive: true })
    const victim = join(folder, `victim ${name}`)
    // The same bytes: nothing but the link gives it away.
    writeFileSync(victim, readFileSync(partIn(output)))
    const before = readFileSync(victim)
    const part = partIn(output)
    rmSync(part)
    make(victim, part)
    await run(input, output)
    check(t, output, name)
    t.strictSame(readFileSync(victim), before, `${name}: what it leads to is untouched`)
  }
})
