// Runs examples/parallel with GNU parallel. `npm run clusters` installs it.

import { execFile, execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { clusterRun, freezeHolder, skipped, unitsFinished, unitsPlanned } from '../support/cluster-run.js'
import { projectRoot } from '../support/shared.js'

const SCRIPT = join(projectRoot, 'examples', 'parallel', 'anonymize.sh')

/** Why the script cannot run here. The `parallel` of moreutils is another program. */
function noParallel(): string | undefined {
  try {
    const text = execFileSync('parallel', ['--version'], { encoding: 'utf8', stdio: 'pipe' })
    return text.startsWith('GNU parallel') ? undefined : '`parallel` is not GNU parallel'
  } catch {
    return 'GNU parallel is not installed: npm run clusters installs it'
  }
}

t.test('the example with GNU parallel', { skip: skipped(noParallel()) }, async (t) => {
  const folder = t.testdir()
  const { path, optionsFor, holds } = await clusterRun(folder)
  const start = (output: string, more: Readonly<Record<string, string>> = {}) => {
    const { NODE_OPTIONS: _, SLUICE_RUN_ID: __, ...own } = process.env
    const env = { ...own, PATH: `${path}:${own.PATH}`, HOME: folder, ...more }
    return new Promise<{ readonly exitCode: number; readonly text: string }>((resolve) => {
      execFile(SCRIPT, [...optionsFor(output)], { env }, (error, stdout, stderr) =>
        resolve({ exitCode: error === null ? 0 : Number(error.code ?? -1), text: stdout + stderr }),
      )
    })
  }

  await t.test('a killed task is started again, and the run is that of one machine', async (t) => {
    const output = join(folder, 'killed')
    const running = start(output)
    process.kill(await freezeHolder(output), 'SIGKILL')
    const { exitCode, text } = await running
    t.equal(exitCode, 0, text)
    t.equal((text.match(/this task did \d+ units|nothing is left to do/g) ?? []).length >= 4, true)
    const units = unitsFinished([text])
    t.equal(units.length, unitsPlanned([text]))
    t.equal(new Set(units).size, units.length)
    await holds(t, output)
    const again = await start(output, { SLUICE_RUN_ID: 'another' })
    t.equal(again.exitCode, 0)
    t.match(again.text, /"event":"plan\.written".*"units":0,.*"finishedBefore":9/)
  })

  await t.test('without a retry the others do the work of a killed task', async (t) => {
    const output = join(folder, 'once')
    const running = start(output, { RETRIES: '1', TASKS: '2' })
    process.kill(await freezeHolder(output), 'SIGKILL')
    const { exitCode, text } = await running
    t.equal(exitCode, 1, 'parallel counts the task that was lost')
    t.match(text, /"event":"run\.finished"/)
    await holds(t, output)
  })
})
