import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { kill, pid } from 'node:process'

/** The process that holds a lock. */
export interface Holder {
  readonly pid: number
  readonly host: string
  /** Start time of the process in the system's units, which distinguishes a reused process id. */
  readonly started: string
  /** PID namespace of this boot, in which its number is valid. Containers may share a host name but not this. */
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

/** Reads the holder from the first line; undefined if a crash left the text unreadable. */
export function parseHolder(text: string): Holder | undefined {
  try {
    const [line = ''] = text.split('\n', 1)
    const holder = JSON.parse(line) as Partial<Holder> | null
    if (typeof holder?.pid === 'number' && typeof holder.host === 'string') return holder as Holder
  } catch {
    // The text names no holder.
  }
  return undefined
}

/**
 * Whether the holder is alive; undefined on another machine or in another PID namespace, which cannot be known here.
 */
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

/** Empty if the system does not provide it. */
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
