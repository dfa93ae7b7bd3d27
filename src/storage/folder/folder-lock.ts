import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, link, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { grouped } from '../grouped-work.js'
import { lockedError, waitForLock } from '../lock-wait.js'
import { type Holder, isAlive, parseHolder, thisProcess } from '../process-identity.js'
import type { LockHolder, LockWait } from '../store.js'
import { isExisting, isLink, isMissing, sinkError, writing } from './file-errors.js'
import { makeStateFolder } from './folder-files.js'
import { createOwn } from './own-file.js'

/** Timing of the lock's heartbeat. Only the waiting process's own clock counts. */
export interface LockTimes {
  readonly beatEveryMs: number
  /** A lock that has not changed for this long belongs to a dead process. */
  readonly staleAfterMs: number
  readonly lookEveryMs: number
}

export const LOCK_TIMES: LockTimes = { beatEveryMs: 10_000, staleAfterMs: 60_000, lookEveryMs: 1_000 }

// A look is four calls on the thread pool: made for each journal entry, a third of all such calls of a run.
const RECENT_MS = 250

const lockOf = (folder: string): string => join(folder, 'lock')

/** Who holds the lock of a folder; undefined if nobody does, or a process of this machine that has ended. */
export async function holderOf(folder: string): Promise<LockHolder | undefined> {
  const seen = await look(lockOf(folder))
  const holder = seen && parseHolder(seen.text)
  if (seen === undefined || holder === undefined || (await isAlive(holder)) === false) return undefined
  return { host: holder.host, pid: holder.pid, signature: seen.signature }
}

export interface FolderLock {
  readonly holder: Holder
  /** Throws SINK_LOCKED if another process holds the lock or it is gone. */
  confirm(): Promise<void>
  /** Like `confirm`, but trusts a look of the last quarter of a second: for files that no other process shares. */
  confirmRecent(): Promise<void>
  release(): Promise<void>
}

/**
 * Takes the folder for this process. The lock of a process of this machine is taken over when that has ended. Whether
 * any other holder is alive cannot be asked: its lock is watched until it has not changed for a minute. Throws
 * SINK_LOCKED, INTERRUPTED.
 */
export async function lockFolder(
  folder: string,
  waiting: LockWait = {},
  times: LockTimes = LOCK_TIMES,
): Promise<FolderLock> {
  const path = lockOf(folder)
  const me = await thisProcess(randomUUID())
  await writing(folder, () => makeStateFolder(folder))
  const watch = new Watch(times)
  let isWaiting = false
  for (;;) {
    const file = await create(path, me)
    if (file !== undefined) return keep(path, { me, file, times })
    const seen = await look(path)
    if (seen === undefined) continue
    const holder = parseHolder(seen.text)
    const alive = holder === undefined ? false : await isAlive(holder)
    if (alive === true) throw lockedError(path)
    if (alive === false || seen.signature === waiting.stale || watch.isStale(seen)) {
      await takeAway(path, seen.text)
      continue
    }
    if (watch.isAlive || waiting.isPatient === false) throw lockedError(path)
    if (!isWaiting) waiting.onWait?.({ place: path, maxSeconds: Math.ceil(times.staleAfterMs / 1000) })
    isWaiting = true
    await waitForLock(times.lookEveryMs, waiting.signal)
  }
}

interface SeenLock {
  readonly text: string
  /** Whether the lock has changed since the last look, because its holder is alive. */
  readonly signature: string
}

/** How long a lock has been observed not to change. */
class Watch {
  #signature: string | undefined
  #lookedAtMs = 0
  #quietMs = 0
  #changes = 0

  readonly #times: LockTimes

  constructor(times: LockTimes) {
    this.#times = times
  }

  isStale({ signature }: SeenLock): boolean {
    const nowMs = performance.now()
    if (signature !== this.#signature) {
      if (this.#signature !== undefined) this.#changes += 1
      this.#signature = signature
      this.#quietMs = 0
    } else {
      // If this process was suspended meanwhile, the holder may have been too.
      this.#quietMs += Math.min(nowMs - this.#lookedAtMs, 2 * this.#times.lookEveryMs)
    }
    this.#lookedAtMs = nowMs
    return this.#quietMs >= this.#times.staleAfterMs
  }

  get isAlive(): boolean {
    return this.#changes > 0
  }
}

/**
 * Opened for each look: a network file system then asks its server, and does not answer from its cache. A link is
 * nobody's lock, wherever it leads: Sluice makes none.
 */
async function look(path: string): Promise<SeenLock | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
    try {
      const { mtimeNs, ino } = await file.stat({ bigint: true })
      const text = await file.readFile('utf8')
      return { text, signature: `${mtimeNs} ${ino} ${text}` }
    } finally {
      await file.close()
    }
  } catch (error) {
    if (isMissing(error)) return undefined
    if (isLink(error)) return { text: '', signature: 'a link' }
    throw sinkError(error, path)
  }
}

/**
 * Counts on in the file it created, by its handle: once the name belongs to another lock, nobody sees that any more.
 */
function keep(
  path: string,
  { me, file, times }: { readonly me: Holder; readonly file: FileHandle; readonly times: LockTimes },
): FolderLock {
  const countAt = Buffer.byteLength(headOf(me))
  let count = 0
  let beating: Promise<unknown> = Promise.resolve()
  const beat = async (): Promise<void> => {
    count += 1
    await file.write(String(count).padStart(COUNT_LENGTH, '0'), countAt)
    await file.datasync()
  }
  const timer = setInterval(() => {
    // The disk may be full or slow for a while; the next write may succeed.
    beating = beating.then(beat).catch(() => {})
  }, times.beatEveryMs)
  timer.unref()
  const isMine = async (): Promise<boolean> => {
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (isMissing(error)) return ''
      throw sinkError(error, path)
    })
    return parseHolder(text)?.token === me.token
  }
  let confirmedAtMs = Number.NEGATIVE_INFINITY
  const confirm = grouped<undefined>(async () => {
    const lookedAtMs = performance.now()
    if (!(await isMine())) throw lost(path)
    confirmedAtMs = lookedAtMs
  })
  return {
    holder: me,
    confirm: () => confirm(undefined),
    async confirmRecent() {
      if (performance.now() - confirmedAtMs >= RECENT_MS) await confirm(undefined)
    },
    async release() {
      clearInterval(timer)
      await beating
      await file.close()
      if (await isMine().catch(() => false)) await rm(path, { force: true })
    },
  }
}

const COUNT_LENGTH = 12
const headOf = (me: Holder): string => `${JSON.stringify(me)}\n`

/** Creates the lock with its contents or not at all: a hard link is never half-written and replaces nothing. */
async function create(path: string, me: Holder): Promise<FileHandle | undefined> {
  const own = `${path}.${me.token}`
  return writing(path, async () => {
    const file = await createOwn(own, 0o600)
    try {
      await file.writeFile(`${headOf(me)}${'0'.repeat(COUNT_LENGTH)}\n`)
      await file.datasync()
      await link(own, path)
      return file
    } catch (error) {
      await file.close()
      if (isExisting(error)) return undefined
      throw error
    } finally {
      await rm(own, { force: true })
    }
  })
}

/** Moves the stale lock aside, and puts it back if it belongs to someone else by now. */
async function takeAway(path: string, stale: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  try {
    await rename(path, aside)
  } catch (error) {
    if (isMissing(error)) return
    throw sinkError(error, path)
  }
  if ((await look(aside))?.text !== stale) await link(aside, path).catch(() => {})
  await rm(aside, { force: true })
}

const lost = (at: string) =>
  lockedError(at, 'another run has taken over this output, because this one gave no sign of life for a while')
