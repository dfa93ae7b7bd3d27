// Runs examples/spark as it is, with a real Spark: a driver, and executors that are processes of this host.

import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { wholeOutputs } from '../support/joined-run.js'
import { CONFIG, outputsIn, syntheticLines, writeFiles } from '../support/pipeline-run.js'
import { projectRoot } from '../support/shared.js'
import { sluice } from '../support/sluice.js'
import { isRunning, sluiceProcesses, sparkIn } from '../support/spark.js'

const folder = t.testdir()
const spark = sparkIn(folder)
const example = join(projectRoot, 'examples', 'spark')
const script = join(example, 'anonymize.py')

interface TaskAnswer {
  readonly task: number
  readonly attempt: number
  readonly kind: string
}

const answersOf = (stdout: string): readonly TaskAnswer[] =>
  stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as TaskAnswer)

if (typeof spark === 'string') console.log(`# skipped: Spark: ${spark}`)
else {
  // Enough work that both executors are seen amid it.
  const large = syntheticLines(26_000_000)
  const input = writeFiles(join(folder, 'in'), {
    ...Object.fromEntries(Array.from({ length: 6 }, (_, k) => [`large${k}.ndjson`, large])),
    'small.ndjson': syntheticLines(60_000, 2),
    'bad.ndjson': '{"resourceType":"Patient","nosuch":1}\n',
  })
  const config = join(writeFiles(folder, { 'config.json': JSON.stringify(CONFIG) }), 'config.json')
  const base = ['-i', input, '-c', config, '--as-of', '2026-11-21']
  const alone = join(folder, 'alone')
  await sluice(['anonymize', ...base, '-o', alone])
  const expected = wholeOutputs(outputsIn(alone))
  const hasPlan = (output: string): boolean => existsSync(join(`${output}.sluice`, 'plan.json'))

  const check = async (t: Test, output: string): Promise<void> => {
    t.strictSame(wholeOutputs(outputsIn(output)), expected, 'the bytes of a run on one machine')
    t.match((await sluice(['check', output])).stdout, /verified/)
  }

  t.test('executors share a run; one process is killed, and Spark tries its task again', async (t) => {
    const archive = join(folder, 'sluice.tar.gz')
    const { NODE_OPTIONS: _, ...env } = process.env
    const packed = spawnSync(join(example, 'pack.sh'), [archive], { env, encoding: 'utf8' })
    t.equal(packed.status, 0, packed.stderr)
    const output = join(folder, 'shared')
    const job = spark.submit(t, {
      master: 'local-cluster[2,1,1024]',
      script,
      options: ['--archives', `${archive}#sluice`],
      words: ['--tasks', '3', '--', ...base, '-o', output, '--range-bytes', '4MiB'],
    })
    // It is halted amid its work until the other executor is seen at work, too.
    const first = await job.sees(() => (hasPlan(output) ? sluiceProcesses(folder)[0] : undefined))
    process.kill(first.pid, 'SIGSTOP')
    await job.sees(() => sluiceProcesses(folder).find((other) => other.folder !== first.folder))
    process.kill(first.pid, 'SIGKILL')
    const { exitCode, stdout, stderr } = await job.finished
    t.equal(exitCode, 0, stderr.slice(-3_000))
    t.match(stderr, /RuntimeError: sluice was killed by signal 9/)
    const answers = answersOf(stdout)
    t.strictSame(answers.map(({ task }) => task).sort(), [0, 1, 2])
    t.strictSame(answers.map(({ attempt }) => attempt).sort(), [0, 0, 1], 'one task was tried again')
    t.equal(answers.filter(({ kind }) => kind === 'finished').length, 1, 'one ends the run')
    t.ok(outputsIn(output).has('large0-00003.ndjson'))
    await check(t, output)
  })

  const path = join(folder, 'bin')
  mkdirSync(path)
  const installed = join(path, 'sluice')
  const cli = join(projectRoot, 'dist', 'src', 'cli.js')
  writeFileSync(installed, `#!/bin/sh\nexec '${process.execPath}' '${cli}' "$@"\n`)
  chmodSync(installed, 0o755)

  t.test('Sluice ends with the worker that started it, and the next attempt goes on', async (t) => {
    const output = join(folder, 'orphan')
    const job = spark.submit(t, {
      master: 'local[1,2]',
      script,
      path,
      words: ['--run-id', 'monday', '--', ...base, '-o', output, '--range-bytes', '4MiB'],
    })
    const first = await job.sees(() => (hasPlan(output) ? sluiceProcesses(folder)[0] : undefined))
    process.kill(first.parent, 'SIGKILL')
    await job.sees(() => (isRunning(first.pid) ? undefined : true))
    t.notOk(existsSync(join(output, 'run.json')), 'it ended before its work was done')
    const { exitCode, stdout, stderr } = await job.finished
    t.equal(exitCode, 0, stderr.slice(-3_000))
    t.match(answersOf(stdout), [{ task: 0, attempt: 1, kind: 'finished' }])
    await check(t, output)
    t.match(JSON.parse((await sluice(['status', output, '--json'])).stdout), { runId: 'monday' })
  })

  t.test('what a retry cannot help is not tried again', async (t) => {
    const output = join(folder, 'refused')
    const { exitCode, stdout, stderr } = await spark.submit(t, {
      master: 'local[1,4]',
      script,
      path,
      words: ['--tasks', '1', '--', ...base, '-o', output, '--range-bytes', '1'],
    }).finished
    t.equal(exitCode, 2, stderr.slice(-3_000))
    // spark-submit passes on what the driver writes to stderr as stdout.
    t.match(stdout, /^task 0 was refused, and a retry cannot help:\nsluice: USAGE: option '--range-bytes/)
    t.notMatch(stderr, /Lost task/, 'Spark saw no failure')
    t.notOk(existsSync(output))
  })
}

t.test('the page shows the commands of the example', async (t) => {
  const page = readFileSync(join(projectRoot, 'docs', 'clusters', 'spark.md'), 'utf8')
  const source = readFileSync(script, 'utf8')
  for (const option of ['--tasks', '--run-id']) {
    t.ok(page.includes(option) && source.includes(`"${option}"`), option)
  }
  t.ok(page.includes('--archives sluice.tar.gz#sluice') && source.includes('--archives sluice.tar.gz#sluice'))
})
