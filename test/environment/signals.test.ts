// Holds src/cli.ts.

import { spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { projectRoot } from '../support/shared.js'
import { sluice } from '../support/sluice.js'

const cli = join(projectRoot, 'dist', 'src', 'cli.js')
const patients = (count: number): string =>
  Array.from({ length: count }, (_, at) => `{"resourceType":"Patient","id":"p${at}"}\n`).join('')

/** Waits at every value while the file `slow` is there. */
const WAIT = `import { existsSync } from 'node:fs'
const cell = new Int32Array(new SharedArrayBuffer(4))
export default ({ json }) => {
  if (existsSync(new URL('./slow', import.meta.url))) Atomics.wait(cell, 0, 0, 20)
  return { json }
}
`

function slowFolder(t: Test): string {
  const rules = [{ path: 'Patient.id', method: 'wait' }]
  const config = { fhirVersion: 'R4', fhirPathRules: rules, customMethods: { wait: './wait.mjs' } }
  return t.testdir({
    // The small one is committed while the other is under way.
    in: { 'a.ndjson': patients(1), 'b.ndjson': patients(1500) },
    'c.json': JSON.stringify(config),
    'wait.mjs': WAIT,
    slow: '',
  })
}

const words = ['anonymize', '-i', 'in', '-o', 'out', '-c', 'c.json', '--workers', '2']

interface Started {
  readonly pid: () => number
  readonly finished: Promise<{ readonly exitCode: number | null; readonly stderr: string }>
  /** Resolves when stderr holds the text; rejects where the process ends without it. */
  saw(text: string): Promise<void>
}

function start(cwd: string, [command, ...rest]: readonly [string, ...string[]], isForked: boolean): Started {
  const child = spawn(command, rest, { cwd, stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (piece: Buffer) => {
    stderr += piece.toString()
  })
  const finished = new Promise<{ exitCode: number | null; stderr: string }>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exitCode) => resolve({ exitCode, stderr }))
  })
  return {
    finished,
    pid() {
      const own = child.pid ?? 0
      if (!isForked) return own
      return Number(readFileSync(`/proc/${own}/task/${own}/children`, 'utf8').trim().split(' ')[0])
    },
    saw: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (stderr.includes(text)) resolve()
        }
        child.stderr.on('data', look)
        child.once('close', () => reject(new Error(`ended without ${text}: ${stderr}`)))
        look()
      }),
  }
}

const AS_PID_1 = ['unshare', '--pid', '--fork', '--kill-child'] as const
const canUnshare = spawnSync(AS_PID_1[0], [...AS_PID_1.slice(1), 'true']).status === 0

const CASES = [
  ['natively', ['SIGHUP']],
  ['as PID 1', ['SIGTERM']],
  ['as PID 1', ['SIGINT']],
  ['as PID 1', ['SIGTERM', 'SIGINT']],
] as const

for (const [way, signals] of CASES) {
  const isForked = way === 'as PID 1'
  const skip = isForked && !canUnshare ? 'unshare --pid is not permitted here' : false
  // Whether a process that had no time to give its lock back lives in another PID namespace, takes a minute to see.
  const isTidy = signals.length === 1
  t.test(
    `${signals.join(' and ')} ${way}: exit 6${isTidy ? ', and the next run resumes' : ''}`,
    { skip },
    async (t) => {
      const cwd = slowFolder(t)
      const command = [...(isForked ? AS_PID_1 : []), process.execPath, cli, ...words] as [
        string,
        ...string[],
      ]
      const running = start(cwd, command, isForked)
      await running.saw('"item.committed"')
      const pid = running.pid()
      for (const signal of signals) process.kill(pid, signal)
      const { exitCode, stderr } = await running.finished
      t.equal(exitCode, 6, stderr)
      t.notMatch(stderr, /A bug in Sluice/)
      if (!isTidy) return
      rmSync(join(cwd, 'slow'))
      const rest = await sluice([...words, '--json'], { cwd })
      t.equal(rest.exitCode, 0, rest.stderr)
      t.match(JSON.parse(rest.stdout), { items: { finishedBefore: 1, committed: 1 } })
      for (const name of readdirSync(join(cwd, 'in')))
        t.equal(readFileSync(join(cwd, 'out', name), 'utf8'), readFileSync(join(cwd, 'in', name), 'utf8'))
    },
  )
}

/** Commands whose reader goes away, and the exit codes of sluice that are right then. */
const LEFT: readonly (readonly [name: string, command: string, ...exitCodes: number[]])[] = [
  ['help', 'sluice --help | true', 0],
  ['help of a verb, after a line', 'sluice anonymize --help | head -n 1', 0],
  ['a report', 'sluice anonymize -i in -o out -c c.json --json | true', 0],
  ['the findings of lint', 'sluice lint -c bad.json | true', 2],
  ['a comparison', 'sluice diff in in | true', 0],
  ['an error as JSON', 'sluice anonymize -i none -o out -c c.json --json | true', 3],
  ['an error on stderr', 'sluice anonymize -i none -o out -c c.json 2>&1 >/dev/null | true', 3],
  ['events', 'sluice anonymize -i in -o out -c c.json -v 2>&1 >/dev/null | true', 0],
  ['data', 'sluice anonymize -i - -o - -c c.json < in/b.ndjson | head -n 1', 0, 4],
  ['nobody at all', 'sluice anonymize -i in -o out -c c.json >&- 2>&-', 0],
]

t.test('a reader that goes away is never a bug', async (t) => {
  const cwd = slowFolder(t)
  rmSync(join(cwd, 'slow'))
  const bad = { fhirVersion: 'R4', fhirPathRules: [{ path: 'Patient.nme', method: 'redact' }, { path: 'x' }] }
  writeFileSync(join(cwd, 'bad.json'), JSON.stringify(bad))
  for (const [name, command, ...expected] of LEFT) {
    const script = `rm -rf out out.sluice; sluice() { ${process.execPath} ${cli} "$@"; }; ${command}; exit \${PIPESTATUS[0]}`
    const { exitCode, stderr } = await start(cwd, ['bash', '-c', script], false).finished
    t.ok(expected.includes(exitCode ?? -1), `${name}: ${exitCode} ${stderr.slice(-300)}`)
    t.notMatch(stderr, /A bug in Sluice|INTERNAL/, name)
  }
})
