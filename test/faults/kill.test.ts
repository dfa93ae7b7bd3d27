// Holds src/pipeline/item.ts, src/pipeline/sink-writer.ts, src/pipeline/resumption.ts, src/pipeline/commit.ts.

import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { FAULT_POINTS, type FaultPoint } from '../../src/pipeline/options.js'
import { filesIn, outputsIn, run, runProcess, syntheticLines, writeFiles } from '../support/pipeline-run.js'
import { seededRandom } from '../support/random.js'

const RANDOM_KILLS = Number(process.env.SLUICE_KILLS ?? 4)

const folder = t.testdir()
const input = writeFiles(join(folder, 'in'), {
  'big.ndjson': Buffer.concat([syntheticLines(400_000), Buffer.from('\n{"bad":\n')]),
  'sub/small.ndjson': syntheticLines(20_000, 2),
  'sub/empty.ndjson': '',
})
const clean = join(folder, 'clean')
let chunkCount = 0
await run(input, clean, {
  faultPoint: (point) => {
    if (point === 'slab-read') chunkCount += 1
  },
})
const expected = outputsIn(clean)
const expectedQuarantine = filesIn(`${clean}.sluice`).get('quarantine/big.ndjson.ndjson')

t.test('the undisturbed run is what the others are held to', async (t) => {
  t.equal(expected.size, 3)
  t.ok(chunkCount > 6, `${chunkCount} chunks`)
  t.ok(expectedQuarantine?.includes('INVALID_JSON'))
})

/** Reruns after a kill and holds the result to that of the undisturbed run. */
async function rerun(t: Test, output: string, trace: string): Promise<void> {
  const points = textOf(trace)
    .split('\n')
    .filter((line) => line !== '') as FaultPoint[]
  const journaled = points.filter((point) => point === 'after-journal').length
  let redone = 0
  const report = await run(input, output, {
    faultPoint: (point) => {
      if (point === 'slab-read') redone += 1
    },
  })
  // An interrupted write of the journal's last line may have been complete.
  t.ok(
    redone <= chunkCount - journaled,
    `finished work is not redone: ${redone} of ${chunkCount}, ${journaled} durable`,
  )
  t.strictSame(
    outputsIn(output),
    expected,
    'outputs are byte-identical to those of a run that was never killed',
  )
  t.strictSame(filesIn(`${output}.sluice`).get('quarantine/big.ndjson.ndjson'), expectedQuarantine)
  t.equal(report.lines.read, report.lines.delivered + report.lines.quarantined + report.lines.blank)
  t.notOk(
    [...filesIn(folder).keys()].some((name) => name.includes(output) && name.endsWith('.part')),
    'no .part is left',
  )
  t.notOk(filesIn(`${output}.sluice`).has('run-secrets.json'), 'no secret is left')
}

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

// Which time of reaching a point ends the process: the third where nothing is said.
const TIMES: Readonly<Partial<Record<FaultPoint, readonly number[]>>> = {
  'slab-read': [1, 5],
  'before-rename': [1],
  'after-rename': [2],
  'before-done': [1],
  'before-report': [1],
  'after-report': [1],
}

for (const point of FAULT_POINTS)
  t.test(`kill it at ${point} and run it again: the outputs are byte-identical`, async (t) => {
    for (const nth of TIMES[point] ?? [3]) {
      const output = join(folder, `${point}-${nth}`)
      const trace = join(folder, `${point}-${nth}.trace`)
      const ended = await runProcess({ input, output, trace, kill: { point, nth } })
      t.equal(ended.signal, 'SIGKILL', `was killed the ${nth}. time`)
      for (const [name, bytes] of outputsIn(output))
        if (!name.endsWith('.part')) t.strictSame(bytes, expected.get(name), `${name} is whole or not there`)
      await rerun(t, output, trace)
      rmSync(output, { recursive: true })
    }
  })

t.test('kill it at any moment and run it again: the outputs are byte-identical', async (t) => {
  const random = seededRandom('kills')
  for (let round = 0; round < RANDOM_KILLS; round += 1) {
    const output = join(folder, `random-${round}`)
    const trace = join(folder, `random-${round}.trace`)
    const afterMs = random.between(50, 900)
    let timer: NodeJS.Timeout | undefined
    await runProcess({ input, output, trace }, (end) => {
      timer = setTimeout(() => end('SIGKILL'), afterMs)
    })
    clearTimeout(timer)
    await rerun(t, output, trace)
  }
})
