import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { kill, pid } from 'node:process'

/** Who holds a lock. */
export interface Holder {
  readonly pid: number
  readonly host: string
  /** When the process began, in the system's own count: tells a reused process number apart. */
  readonly started: string
  /** Where its number means something: this boot's PID namespace. Containers may share a host's name, not this. */
  readonly space?: string
  readonly token: string
}

export const thisProcess = async (token: string): Promise<Holder> => ({
  pid,
  host: hostname(),
  started: await startOf(pid),
  space: await processSpace(),
  token,
})

/** Of the first line; undefined for a text that a crash left unreadable. */
export function parseHolder(text: string): Holder | undefined {
  try {
    const [line = ''] = text.split('\n', 1)
    const holder = JSON.parse(line) as Partial<Holder> | null
    if (typeof holder?.pid === 'number' && typeof holder.host === 'string') return holder as Holder
  } catch {
    // It holds nobody.
  }
  return undefined
}

/** Undefined for a holder on another machine, or one among other processes: that cannot be known from here. */
export async function isAlive(holder: Holder): Promise<boolean | undefined> {
  if (holder.host !== hostname() || holder.space !== (await processSpace())) return undefined
  return isRunning(holder.pid) && (await startOf(holder.pid)) === holder.started
}

function isRunning(processId: number): boolean {
  try {
    kill(processId, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Empty where the system does not tell. */
async function processSpace(): Promise<string> {
  try {
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
    return `${boot} ${await readlink('/proc/self/ns/pid')}`
  } catch {
    return ''
  }
}

async function startOf(processId: number): Promise<string> {
  try {
    const fields = (await readFile(`/proc/${processId}/stat`, 'utf8')).replace(/^.*\) /s, '').split(' ')
    return fields[19] ?? ''
  } catch {
    return ''
  }
}
