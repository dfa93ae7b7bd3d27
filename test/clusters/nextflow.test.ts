// Runs examples/nextflow with Nextflow's own classes. `npm run clusters` fetches them from Maven Central.

import { execFile } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { clusterRun, freezeHolder, onlyWhole, skipped, unitsFinished } from '../support/cluster-run.js'
import { NEXTFLOW_CLASSES, nextflowWords } from '../support/nextflow.js'
import { filesIn } from '../support/pipeline-run.js'
import { projectRoot } from '../support/shared.js'

const EXAMPLE = join(projectRoot, 'examples', 'nextflow')

const noNextflow = existsSync(NEXTFLOW_CLASSES)
  ? undefined
  : 'Nextflow was not fetched: npm run clusters does it (Java 17 and Maven are needed)'

t.test('the example with Nextflow', { skip: skipped(noNextflow) || onlyWhole() }, async (t) => {
  const folder = t.testdir()
  const { path, optionsFor, holds } = await clusterRun(folder)
  const start = (name: string, more: readonly string[] = []) => {
    const words = optionsFor(join(folder, name))
    const wordAfter = (option: string): string => words[words.indexOf(option) + 1] ?? ''
    const rest = words.filter((word, at) => !/^-[ioc]$/.test(word) && !/^-[ioc]$/.test(words[at - 1] ?? ''))
    const place = join(folder, `work-${name}`)
    mkdirSync(place, { recursive: true })
    const { NODE_OPTIONS: _, ...own } = process.env
    const env = {
      ...own,
      PATH: `${path}:${own.PATH}`,
      NXF_HOME: join(folder, 'nextflow'),
      NXF_OFFLINE: 'true',
      NXF_ANSI_LOG: 'false',
    }
    const run = [
      ...nextflowWords('run', join(EXAMPLE, 'main.nf')),
      ...['--input', wordAfter('-i'), '--output', wordAfter('-o'), '--config', wordAfter('-c')],
      ...['--options', rest.join(' ')],
      ...more,
    ]
    return new Promise<{ readonly exitCode: number; readonly text: string }>((resolve) => {
      execFile('java', run, { env, cwd: place }, (error, stdout, stderr) =>
        resolve({ exitCode: error === null ? 0 : Number(error.code ?? -1), text: stdout + stderr }),
      )
    })
  }
  const logsOf = (name: string): readonly string[] =>
    [...filesIn(join(folder, `work-${name}`, 'work'))]
      .filter(([file]) => file.endsWith('.command.err'))
      .map(([, bytes]) => bytes.toString())

  await t.test('a killed task is tried again, and what was done is not', async (t) => {
    const output = join(folder, 'killed')
    const running = start('killed')
    process.kill(await freezeHolder(output), 'SIGKILL')
    const { exitCode, text } = await running
    t.equal(exitCode, 0, text)
    t.match(text, /Execution is retried/)
    t.match(text, `report: ${output}/run.json`)
    const units = unitsFinished(logsOf('killed'))
    t.equal(new Set(units).size, units.length)
    await holds(t, output)
    const resumed = await start('killed', ['-resume'])
    t.equal(resumed.exitCode, 0, resumed.text)
    await holds(t, output)
  })

  await t.test('a configuration that is wrong is not tried again', async (t) => {
    const { exitCode, text } = await start('wrong', ['--config', join(folder, 'none.json')])
    t.equal(exitCode, 1)
    t.notMatch(text, /Execution is retried/)
  })
})
