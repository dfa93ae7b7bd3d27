import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { Test } from 'tap'
import { runStatus } from '../../src/pipeline/tasks/status.js'
import { folderSink } from '../../src/storage/folder/folder.js'
import { wholeOutputs } from './joined-run.js'
import { CONFIG, filesIn, outputsIn, syntheticLines, writeFiles } from './pipeline-run.js'
import { projectRoot } from './shared.js'
import { sluice } from './sluice.js'

/** Says why a test of an engine cannot run here, for tap's `skip`; false where it can. */
export function skipped(reason: string | undefined): string | false {
  if (reason === undefined) return false
  console.log(`# skipped: ${reason}`)
  return reason
}

/** For tap's `skip`: what takes longer is run by `npm run clusters` only. */
export const onlyWhole = (): string | false =>
  skipped(process.env.SLUICE_CLUSTERS === 'whole' ? undefined : 'only npm run clusters runs this part')

/** Data for the tasks of an engine, and what a run on one machine makes of it. */
export interface ClusterRun {
  /** A folder with `sluice`, for the PATH. */
  readonly path: string
  /** Options of `sluice anonymize` for a run into this folder. */
  optionsFor(output: string): readonly string[]
  /** The outputs, whole: equal to those of one machine, with one report and nothing half-written. */
  holds(t: Test, output: string): Promise<void>
}

/** Makes the data: one item that is divided into seven, small ones, a compressed one, lines to quarantine. */
export async function clusterRun(folder: string): Promise<ClusterRun> {
  const { NODE_OPTIONS: _, ...env } = process.env as Record<string, string>
  writeFiles(folder, {
    'in/large.ndjson': syntheticLines(26_000_000),
    'in/packed.ndjson.gz': gzipSync(syntheticLines(2_000_000, 3)),
    ...Object.fromEntries(
      Array.from({ length: 6 }, (_, at) => [`in/sub/${at}.ndjson`, syntheticLines(3_000_000, 10 + at)]),
    ),
    'in/bad.ndjson': '{"resourceType":"Patient","nosuch":1}\n',
    'config.json': JSON.stringify(CONFIG),
    'bin/sluice': `#!/bin/sh\nexec '${process.execPath}' '${join(projectRoot, 'dist/src/cli.js')}' "$@"\n`,
  })
  chmodSync(join(folder, 'bin/sluice'), 0o755)
  const base = ['-i', join(folder, 'in'), '-c', join(folder, 'config.json'), '--as-of', '2026-11-21']
  const alone = join(folder, 'alone')
  const { exitCode, stderr } = await sluice(['anonymize', ...base, '-o', alone], { env })
  if (exitCode !== 10) throw new Error(stderr)
  const expected = wholeOutputs(outputsIn(alone))
  return {
    path: join(folder, 'bin'),
    optionsFor: (output) => [...base, '-o', output, '--range-bytes', '4MiB', '--workers', '1'],
    holds: async (t, output) => {
      t.strictSame(wholeOutputs(outputsIn(output)), expected, 'the bytes of a run on one machine')
      t.ok(outputsIn(output).has('large-00007.ndjson'), 'the large item was divided')
      const names = [...filesIn(output).keys(), ...filesIn(`${output}.sluice`).keys()]
      t.strictSame(
        names.filter((name) => name.endsWith('.part')),
        [],
        'nothing is half-written',
      )
      t.equal([...filesIn(output).keys()].filter((name) => name.endsWith('run.json')).length, 1)
      t.match((await sluice(['check', output])).stdout, /verified/)
    },
  }
}

/** Units that the logs of tasks say were finished, each as often as it was. */
export const unitsFinished = (logs: readonly string[]): readonly string[] =>
  logs.flatMap((log) =>
    [...log.matchAll(/"event":"unit\.finished","unit":"([0-9a-f]+)"/g)].map(([, id = '']) => id),
  )

/** How many units the plan in the logs has. */
export const unitsPlanned = (logs: readonly string[]): number =>
  Number(/"event":"plan\.written".*?"units":(\d+)/.exec(logs.join('\n'))?.[1] ?? Number.NaN)

/** Whether a process is there and no zombie. */
const isThere = (pid: number): boolean =>
  existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))

/** Freezes a task that holds a unit, so that it holds it until it is killed or continued. Returns its number. */
export async function freezeHolder(output: string): Promise<number> {
  const sink = folderSink(output)
  const holders = async () => (await runStatus(sink))?.holders ?? []
  const deadline = Date.now() + 120_000
  while (Date.now() < deadline) {
    for (const { pid, unit } of await holders()) {
      if (pid === undefined || !isThere(pid)) continue
      process.kill(pid, 'SIGSTOP')
      // What it had begun is on the disk when nothing changes any more.
      await wait(50)
      if ((await holders()).some((each) => each.unit === unit && each.pid === pid)) return pid
      process.kill(pid, 'SIGCONT')
    }
    await wait(5)
  }
  throw new Error(`no task held a unit of ${output}`)
}

/** A variable of a process's environment. */
export const variableOf = (pid: number, name: string): string | undefined =>
  readFileSync(`/proc/${pid}/environ`, 'utf8')
    .split('\0')
    .find((each) => each.startsWith(`${name}=`))
    ?.slice(name.length + 1)
