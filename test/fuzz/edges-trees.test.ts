import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { RunReport } from '../../src/pipeline/report/report.js'
import { checkTexts } from '../support/check-texts.js'
import { filesIn, outputsIn } from '../support/pipeline-run.js'
import { fuzzSeconds, seededRandom } from '../support/random.js'
import { type RandomTree, writeRandomTree } from '../support/random-tree.js'
import type { Finished } from '../support/sluice.js'
import { treeSnapshot } from '../support/tree-snapshot.js'
import { verbRun } from '../support/verb-run.js'

const folder = t.testdir()
const NOBODY = 65534
const CONFIG = {
  fhirVersion: 'R4',
  fhirPathRules: [
    { path: 'Resource.id', method: 'cryptoHash' },
    { path: 'Patient.name', method: 'redact' },
    { path: 'Patient.birthDate', method: 'dateShift' },
  ],
  parameters: {
    cryptoHashKey: 'CANARYKEY of walnut, tundra, 9 lamps',
    dateShiftKey: 'CANARYKEY of pelican, ember, 4 rivers',
    dateShiftScope: 'patient',
    dateShiftTimeZone: 'remove',
  },
}
const config = join(folder, 'config.json')
writeFileSync(config, JSON.stringify(CONFIG))
// The fate of what only its owner may read can be seen as somebody else only.
chmodSync(folder, 0o777)

/** As a user without rights where this process may become one: `root` reads everything. */
async function as<T>(isRoot: boolean, act: () => Promise<T>): Promise<T> {
  if (isRoot || process.geteuid?.() !== 0) return act()
  process.seteuid?.(NOBODY)
  try {
    return await act()
  } finally {
    process.seteuid?.(0)
  }
}

interface Round {
  readonly base: string
  readonly tree: RandomTree
  readonly isRoot: boolean
  readonly more: readonly string[]
}

const reportOf = ({ base }: Round): RunReport =>
  JSON.parse(readFileSync(join(base, 'out.sluice', 'run.json'), 'utf8'))

const anonymize = ({ base, isRoot, more }: Round): Promise<Finished> =>
  as(isRoot, () =>
    verbRun([
      ...['anonymize', '-i', join(base, 'in'), '-o', join(base, 'out'), '-c', config],
      ...['--workers', '1', '--as-of', '2026-11-21', ...more],
    ]),
  )

/** What the report says against what was made. */
function checkAccount(t: Test, round: Round): number {
  const report = reportOf(round)
  const items = new Map(report.outputs.map((output) => [output.source.name, output]))
  const failed = new Set(report.failed.map(({ item }) => item))
  const leftOut = linesOf(join(round.base, 'out.sluice', 'left-out.ndjson')).map(({ name, reason }) => [
    name,
    reason,
  ])
  const expectedLeftOut: unknown[] = []
  let quarantined = 0
  for (const [name, fate] of round.tree.fates)
    if (fate.kind === 'fails') t.ok(failed.delete(name), `${JSON.stringify(name)} fails by itself`)
    else if (fate.kind === 'left-out') expectedLeftOut.push([name, fate.reason])
    else {
      const output = items.get(name)
      items.delete(name)
      quarantined += fate.counts.quarantined
      t.strictSame(output?.lines, fate.counts, `lines of ${JSON.stringify(name)}`)
      // A bad document has no output.
      if (output?.isQuarantined) {
        t.ok(
          /\.json(\.gz)?$/i.test(name) && fate.counts.quarantined === 1,
          `${JSON.stringify(name)} was quarantined`,
        )
        continue
      }
      const bytes = readFileSync(join(round.base, 'out', output?.name ?? ''))
      if (!/\.json(\.gz)?$/i.test(name) && !round.more.includes('--gzip'))
        t.equal(
          bytes.toString().split('\n').length - 1,
          fate.counts.delivered,
          `lines in ${JSON.stringify(name)}`,
        )
    }
  t.strictSame([[...items.keys()], [...failed]], [[], []], 'nothing else was made')
  t.strictSame(leftOut.sort(), expectedLeftOut.sort(), 'everything left out is named')
  t.equal(
    Object.values(report.leftOut).reduce((sum, count) => sum + count, 0),
    leftOut.length,
  )
  t.equal(report.lines.quarantined, quarantined)
  t.equal(report.lines.read, report.lines.delivered + report.lines.quarantined + report.lines.blank)
  t.strictSame(
    [...outputsIn(join(round.base, 'out')).keys()].sort(),
    report.outputs
      .filter(({ isQuarantined }) => isQuarantined !== true)
      .map(({ name }) => name)
      .sort(),
    'no other file is under a final name, and none is half-written',
  )
  if (report.failed.length > 0) return 3
  return quarantined > 0 ? 10 : 0
}

function linesOf(path: string): Record<string, unknown>[] {
  const text =
    filesIn(join(path, '..'))
      .get(path.slice(path.lastIndexOf('/') + 1))
      ?.toString() ?? ''
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

async function check(t: Test, round: Round): Promise<void> {
  const { base, tree, isRoot } = round
  const outside = () => treeSnapshot(base, (path) => /^out(\.sluice)?(\/|$)/.test(path))
  const before = outside()
  const first = await anonymize(round)
  t.strictSame(outside(), before, 'nothing but the output and its state was touched')
  checkTexts(t, first)
  const isRefused =
    tree.collides || tree.isClosed || [...tree.fates.values()].every(({ kind }) => kind === 'left-out')
  if (isRefused) {
    t.notMatch(first.stderr, 'SOURCE_CHANGED', 'nothing has changed')
    t.ok([2, 3].includes(first.exitCode ?? -1), `refused: ${first.exitCode} ${first.stderr}`)
    t.strictSame([...filesIn(join(base, 'out')).keys()], [], 'nothing of it was delivered')
    return
  }
  const exitCode = checkAccount(t, round)
  t.equal(first.exitCode, exitCode, first.stderr)
  if (exitCode !== 3) {
    const checked = await as(isRoot, () => verbRun(['check', join(base, 'out')]))
    t.equal(checked.exitCode, 0, checked.stdout)
    checkTexts(t, checked)
  }
  const there = treeSnapshot(join(base, 'out'), (path) => path === 'run.json')
  const { items } = reportOf(round)
  const again = await anonymize(round)
  checkTexts(t, again)
  t.equal(again.exitCode, exitCode, 'again: the same exit code')
  t.strictSame(
    treeSnapshot(join(base, 'out'), (path) => path === 'run.json'),
    there,
    'again: the same files',
  )
  t.equal(reportOf(round).items.finishedBefore, items.committed, 'again: nothing is redone')
}

t.test(
  'whatever a folder holds, every line of it is accounted for, and the second run redoes nothing',
  { timeout: 0 },
  async (t) => {
    const random = seededRandom('trees')
    const end = Date.now() + fuzzSeconds(7) * 1000
    let rounds = 0
    for (; Date.now() < end; rounds += 1) {
      const base = join(folder, `round-${rounds}`)
      mkdirSync(base)
      const isRoot = random.chance(0.5)
      const tree = writeRandomTree(random, {
        input: join(base, 'in'),
        outside: join(base, 'outside'),
        isRoot,
      })
      chmodSync(base, 0o777)
      const more = ['--json', '--gzip', '--quarantine-content', '-v'].filter(() => random.chance(0.25))
      await t.test(`round ${rounds}`, (t) => check(t, { base, tree, isRoot, more }))
      if (!t.passing()) break
    }
    t.ok(rounds > 0)
    t.comment(`${rounds} trees`)
  },
)
