import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Test } from 'tap'

const PROGRAMS = ['/usr/sbin/munged', '/usr/sbin/slurmctld', '/usr/sbin/slurmd', '/usr/bin/sbatch']
const NODES = 4
/** As many as the example asks for: a node runs one task at a time. */
const PROCESSORS = 4

export interface Answer {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** A Slurm of this test: a controller and four nodes on this host. */
export interface Slurm {
  /** Runs a command with this Slurm and, on its PATH, `sluice`. */
  run(command: string, words: readonly string[], env?: Readonly<Record<string, string>>): Promise<Answer>
  /** The state and exit code of a job or a task of an array (`7_2`), as `scontrol` prints them. */
  job(id: string): Promise<SlurmJob>
  /** Waits until all tasks of a job, or the one task, have ended. Returns their states, by their number. */
  ended(id: string): Promise<readonly SlurmJob[]>
}

export interface SlurmJob {
  readonly id: string
  readonly state: string
  /** `6:0` is exit code 6, `0:9` signal 9. */
  readonly exitCode: string
  readonly log: string
}

/** Why Slurm cannot be started here; undefined if it can. */
export function noSlurm(): string | undefined {
  const missing = PROGRAMS.filter((path) => !existsSync(path))
  if (missing.length > 0)
    return `Slurm is not installed (${missing.join(', ')}): npm run clusters installs it`
  return userInfo().uid === 0 ? undefined : 'slurmd needs root'
}

/** Starts Slurm, with this folder on the PATH of its jobs. It ends with the test. */
export async function startSlurm(t: Test, path: string): Promise<Slurm> {
  // A folder of its own, as the path of a socket must be short.
  const folder = mkdtempSync(join(tmpdir(), 'slurm-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  for (const name of ['state', 'spool', 'log']) mkdirSync(join(folder, name), { recursive: true })
  const socket = join(folder, 'munge.socket')
  const ports = await freePorts(NODES + 1)
  const conf = join(folder, 'slurm.conf')
  writeFileSync(conf, configuration(folder, socket, ports))
  writeFileSync(join(folder, 'munge.key'), 'k'.repeat(1024), { mode: 0o400 })
  const env = { PATH: `${path}:/usr/sbin:/usr/bin:/sbin:/bin`, SLURM_CONF: conf, HOME: folder }
  const gone: string[] = []
  const daemon = (command: string, words: readonly string[]): ChildProcess => {
    const child = spawn(command, words, { env, cwd: folder, stdio: 'ignore' })
    child.once('exit', (code) => gone.push(`${command} ended with ${code}`))
    t.teardown(() => ended(child))
    return child
  }
  daemon('/usr/sbin/munged', [
    ...['--foreground', '--force', '--socket', socket, '--key-file', join(folder, 'munge.key')],
    ...['--pid-file', join(folder, 'munge.pid'), '--log-file', join(folder, 'log', 'munge')],
    ...['--seed-file', join(folder, 'munge.seed')],
  ])
  await until('munged answers', async () => existsSync(socket), gone)
  daemon('/usr/sbin/slurmctld', ['-D', '-c', '-f', conf])
  for (let node = 1; node <= NODES; node++) daemon('/usr/sbin/slurmd', ['-D', '-N', `n${node}`, '-f', conf])
  const run: Slurm['run'] = (command, words, more = {}) =>
    answerOf(command, words, { ...env, ...more }, folder)
  await until(
    'all nodes are idle',
    async () => {
      const { stdout } = await run('sinfo', ['-h', '-N', '-o', '%t'])
      return (
        stdout
          .trim()
          .split('\n')
          .filter((state) => state === 'idle').length === NODES
      )
    },
    gone,
  )
  const jobs = async (id: string): Promise<readonly SlurmJob[]> => {
    const { stdout } = await run('scontrol', ['show', 'job', '-o', id])
    return stdout
      .trim()
      .split('\n')
      .map((line) => jobOf(line))
  }
  return {
    run,
    job: async (id) => {
      const [first] = await jobs(id)
      if (first === undefined) throw new Error(`Slurm knows no job ${id}`)
      return first
    },
    ended: async (id) => {
      let all: readonly SlurmJob[] = []
      await until(`job ${id} has ended`, async () => {
        all = await jobs(id)
        return all.every(({ state }) => !/PENDING|RUNNING|COMPLETING|CONFIGURING|SUSPENDED/.test(state))
      })
      return all.toSorted((a, b) => (a.id < b.id ? -1 : 1))
    },
  }
}

// cred_expire is also how long a requeued job waits: two minutes by default, five seconds at least.
const configuration = (folder: string, socket: string, [controller, ...nodes]: readonly number[]): string =>
  `
ClusterName=sluice
SlurmctldHost=localhost
SlurmctldPort=${controller}
AuthType=auth/munge
AuthInfo=socket=${socket},cred_expire=5
SlurmUser=root
SlurmdUser=root
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool/%n
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd-%n.pid
SlurmctldLogFile=${folder}/log/slurmctld
SlurmdLogFile=${folder}/log/%n
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobAcctGatherType=jobacct_gather/none
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,batch_sched_delay=0,sched_min_interval=10000
SchedulerType=sched/builtin
MailProg=/bin/true
ReturnToService=2
KillWait=30
${nodes.map((port, at) => `NodeName=n${at + 1} NodeHostname=localhost Port=${port} CPUs=${PROCESSORS} RealMemory=8000`).join('\n')}
PartitionName=all Nodes=n[1-${NODES}] Default=YES MaxTime=INFINITE State=UP
`

function jobOf(line: string): SlurmJob {
  const field = (name: string): string => new RegExp(`(?:^| )${name}=(\\S*)`).exec(line)?.[1] ?? ''
  const array = field('ArrayJobId')
  const id = array === '' ? field('JobId') : `${array}_${field('ArrayTaskId')}`
  const path = field('StdOut')
  const log = existsSync(path) ? readFileSync(path, 'utf8') : ''
  return { id, state: field('JobState'), exitCode: field('ExitCode'), log }
}

function answerOf(
  command: string,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string,
): Promise<Answer> {
  return new Promise((resolve) => {
    execFile(command, words, { env, cwd }, (error, stdout, stderr) =>
      resolve({
        exitCode: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1,
        stdout,
        stderr,
      }),
    )
  })
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await closed
  clearTimeout(timer)
}

/** Asks again until it holds; rejects after three minutes, and when something is lost. */
export async function until(
  what: string,
  holds: () => Promise<boolean>,
  lost: readonly string[] = [],
): Promise<void> {
  const deadline = Date.now() + 3 * 60_000
  while (!(await holds())) {
    if (lost.length > 0) throw new Error(`waited for: ${what}; ${lost.join(', ')}`)
    if (Date.now() > deadline) throw new Error(`waited for too long: ${what}`)
    await wait(100)
  }
}

/** Ports that are free now, held at the same time so that they differ. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  await Promise.all(
    servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))),
  )
  const ports = servers.map((server) => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
