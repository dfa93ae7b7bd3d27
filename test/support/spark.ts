import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Test } from 'tap'
import { projectRoot } from './shared.js'
import type { Finished } from './sluice.js'

const PYSPARK = 'pyspark==4.0.1'
const JAVA_VERSION = 17
const VENV = join(projectRoot, 'node_modules', '.cache', 'spark')
const LOOK_EVERY_MS = 20
const SEEN_WITHIN_MS = 180_000

/** Spark as it comes with `pyspark`, started from a folder of this test. */
export interface Spark {
  submit(t: Test, options: SubmitOptions): SparkJob
}

interface SubmitOptions {
  /** `local[2]`: threads of one process. `local-cluster[2,1,1024]`: two executors with a core and 1,024 MiB each. */
  readonly master: string
  readonly script: string
  readonly words: readonly string[]
  /** Options of spark-submit. */
  readonly options?: readonly string[]
  /** Where the executors find programs, before the usual places. */
  readonly path?: string
}

export interface SparkJob {
  readonly finished: Promise<Finished>
  /** Looks again and again until there is something; rejects where the job ends before, or after three minutes. */
  sees<T>(look: () => T | undefined): Promise<T>
}

/** Spark in this folder, or the reason why it cannot be had. `npm run clusters` fetches it from PyPI, into a cache. */
export function sparkIn(folder: string): Spark | string {
  if (process.platform !== 'linux') return 'processes are found in /proc'
  const version = /version "(\d+)/.exec(
    spawnSync('java', ['-version'], { encoding: 'utf8' }).stderr ?? '',
  )?.[1]
  if (Number(version ?? 0) < JAVA_VERSION) return `Java ${JAVA_VERSION} or newer is not there`
  const ofCache = join(VENV, 'bin', 'python')
  const isWanted = process.env.SLUICE_CLUSTERS === 'whole'
  let found = pysparkOf('python3') ?? (isWanted ? pysparkOf(ofCache) : undefined)
  if (found === undefined) {
    if (!isWanted) return 'pyspark is not installed; npm run clusters fetches it from PyPI'
    const refusal = install(ofCache)
    if (refusal !== undefined) return `${PYSPARK} cannot be installed: ${refusal}`
    found = pysparkOf(ofCache)
    if (found === undefined) return `${PYSPARK} was installed and cannot be imported`
  }
  return { submit: submitter(folder, homeIn(folder, found.home), found.python) }
}

/** The interpreter and the folder of its pyspark, which is a SPARK_HOME. */
function pysparkOf(python: string): { readonly python: string; readonly home: string } | undefined {
  const program = 'import sys, os, pyspark; print(sys.executable); print(os.path.dirname(pyspark.__file__))'
  const { status, stdout } = spawnSync(python, ['-c', program], { encoding: 'utf8' })
  const [path, home] = status === 0 ? stdout.trim().split('\n') : []
  return path === undefined || home === undefined ? undefined : { python: path, home }
}

/** Returns the last line of what went wrong. */
function install(python: string): string | undefined {
  for (const [program, ...words] of [
    ['python3', '-m', 'venv', VENV],
    [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', PYSPARK],
  ] as const) {
    const { status, error, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8' })
    if (status !== 0) return error?.message ?? `${stdout}${stderr}`.trim().split('\n').at(-1)
  }
  return undefined
}

/** A SPARK_HOME of links: the executors' folders are made below it, and go with the test. */
function homeIn(folder: string, pyspark: string): string {
  const home = join(folder, 'spark')
  mkdirSync(home, { recursive: true })
  for (const name of readdirSync(pyspark))
    if (name !== 'work') symlinkSync(join(pyspark, name), join(home, name))
  return home
}

const submitter =
  (folder: string, home: string, python: string): Spark['submit'] =>
  (t, { master, script, words, options = [], path = '' }) => {
    const { PATH = '', JAVA_HOME } = process.env
    const child = spawn(
      join(home, 'bin', 'spark-submit'),
      ['--master', master, '--conf', 'spark.ui.enabled=false', ...options, script, ...words],
      {
        cwd: folder,
        // A process group: what is left of a failed test ends with it.
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          PATH: `${path}:${PATH}`,
          ...(JAVA_HOME === undefined ? {} : { JAVA_HOME }),
          SPARK_HOME: home,
          SPARK_LOCAL_DIRS: join(folder, 'local'),
          SPARK_LOCAL_IP: '127.0.0.1',
          PYSPARK_PYTHON: python,
          PYSPARK_DRIVER_PYTHON: python,
        },
      },
    )
    const texts = { stdout: '', stderr: '' }
    child.stdout.on('data', (data) => {
      texts.stdout += data
    })
    child.stderr.on('data', (data) => {
      texts.stderr += data
    })
    let hasEnded = false
    const finished = new Promise<Finished>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (exitCode) => {
        hasEnded = true
        resolve({ exitCode, ...texts })
      })
    })
    t.teardown(() => {
      if (!hasEnded && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    })
    return {
      finished,
      async sees(look) {
        const deadline = Date.now() + SEEN_WITHIN_MS
        while (!hasEnded && Date.now() < deadline) {
          const seen = look()
          if (seen !== undefined) return seen
          await wait(LOOK_EVERY_MS)
        }
        throw new Error(
          `the job ${hasEnded ? 'ended before' : 'did not come so far'}: ${texts.stderr.slice(-3_000)}`,
        )
      },
    }
  }

export interface SluiceProcess {
  readonly pid: number
  readonly parent: number
  /** Its working directory; each executor has one of its own. */
  readonly folder: string
}

/** Processes of Sluice that work in this folder or below it. They show their title, not their command line. */
export const sluiceProcesses = (below: string): readonly SluiceProcess[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        if (readFileSync(`/proc/${name}/comm`, 'utf8').trim() !== 'sluice') return []
        const folder = readlinkSync(`/proc/${name}/cwd`)
        if (folder !== below && !folder.startsWith(`${below}/`)) return []
        const parent = /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1]
        return [{ pid: Number(name), parent: Number(parent), folder }]
      } catch {
        return [] // It ended meanwhile.
      }
    })

export const isRunning = (pid: number): boolean =>
  existsSync(`/proc/${pid}/status`) && !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
