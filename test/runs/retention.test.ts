import { join } from 'node:path'
import t from 'tap'
import { type RunEntry, readRuns, writeRuns } from '../../src/pipeline/layout.js'
import { type Retention, removeOldRuns } from '../../src/runs/retention.js'
import { folderLake } from '../../src/storage/folder/folder.js'
import { filesIn } from '../support/pipeline-run.js'

const NOW = new Date('2026-11-21T12:00:00Z')
const entry = (folder: string, more: Partial<RunEntry> = {}): RunEntry => ({
  folder,
  fingerprint: 'f',
  family: 'ours',
  at: `2026-11-${folder.slice(1)}T01:00:00Z`,
  ...more,
})

/** Oldest first: d15 is of another pipeline, d17 was not completed, d18 has no known time. */
const RUNS = [
  entry('d14'),
  entry('d15', { family: 'theirs' }),
  entry('d16'),
  entry('d17'),
  { folder: 'd18', fingerprint: 'f', family: 'ours' },
  entry('d19'),
  entry('d20'),
  entry('d21'),
]
const COMPLETE = new Set(['d14', 'd15', 'd16', 'd18', 'd19', 'd20'])

const CASES: readonly (readonly [Retention, readonly string[]])[] = [
  [{ keepLast: 2 }, ['d14', 'd16', 'd18']],
  [{ keepLast: 1 }, ['d14', 'd16', 'd18', 'd19']],
  [{ keepLast: 5 }, []],
  [{ keepLast: 6 }, []],
  [{ keepLast: 100 }, []],
  [{ olderThanDays: 3 }, ['d14', 'd16']],
  [{ olderThanDays: 1 }, ['d14', 'd16', 'd19']],
  [{ keepLast: 5, olderThanDays: 1 }, []],
  [{ keepLast: 4, olderThanDays: 1 }, ['d14']],
]

t.test('old complete runs of the pipeline go; others, incomplete ones and the newest stay', async (t) => {
  for (const [at, [retention, expected]] of CASES.entries()) {
    const lake = folderLake(join(t.testdir(), `lake${at}`))
    for (const { folder } of RUNS) await lake.sink(folder).put('run.json', '{}')
    await writeRuns(lake.state, RUNS)
    const request = { retention, family: 'ours', complete: COMPLETE, now: NOW }
    t.same(await removeOldRuns(lake, request), expected, `${JSON.stringify(retention)}`)
    const left = RUNS.map(({ folder }) => folder).filter((folder) => !expected.includes(folder))
    t.same(
      [...filesIn(lake.place).keys()],
      left.map((folder) => `${folder}/run.json`),
    )
    t.same(
      (await readRuns(lake.state)).map(({ folder }) => folder),
      left,
    )
    t.same(await removeOldRuns(lake, request), [], 'again there is nothing to do')
  }
})

t.test('a removal that was interrupted is ended by the next one, and never looks complete', async (t) => {
  const lake = folderLake(join(t.testdir(), 'lake'))
  for (const { folder } of RUNS) {
    await lake.sink(folder).put('run.json', '{}')
    await lake.sink(folder).put('P.ndjson', '{}')
  }
  await writeRuns(lake.state, RUNS)
  const request = { retention: { keepLast: 2 }, family: 'ours', complete: COMPLETE, now: NOW }
  let removals = 0
  const torn = {
    ...lake,
    async remove(folder: string, first: string) {
      removals += 1
      if (removals < 2) return lake.remove(folder, first)
      await lake.sink(folder).remove(first)
      throw new Error('killed')
    },
  }
  await t.rejects(removeOldRuns(torn, request), /killed/)
  t.equal(await lake.sink('d16').get('run.json'), undefined)
  t.equal(await lake.sink('d16').get('P.ndjson'), '{}')
  t.same(
    (await readRuns(lake.state)).filter(({ isRemoved }) => isRemoved).map(({ folder }) => folder),
    ['d14', 'd16', 'd18'],
    'none of them is gone on with',
  )
  t.same(await removeOldRuns(lake, request), ['d14', 'd16', 'd18'])
  t.notOk([...filesIn(lake.place).keys()].some((name) => /d14|d16|d18/.test(name)))
})
