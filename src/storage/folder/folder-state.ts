import { constants, createReadStream } from 'node:fs'
import { readFile, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sluiceError } from '../../errors.js'
import { type Appender, type Epoch, NO_EPOCH, type State } from '../store.js'
import { isMissing, writing } from './file-errors.js'
import { closeEpoch, fence, openEpoch } from './folder-epoch.js'
import { flushFolder, makeFolders, readText, type Writer, writeWhole } from './folder-files.js'
import { type FolderLock, holderOf, LOCK_TIMES, type LockTimes, lockFolder } from './folder-lock.js'
import { createOwn, reopenOwn } from './own-file.js'

// Journals name files and outputs, and secrets are kept here until the run is complete.
const OWNER_ONLY = 0o600
const PIECE_BYTES = 2 ** 20

/** Small texts in a folder that only the owner can read. */
export function folderState(folder: string, times: LockTimes = LOCK_TIMES): State {
  const fileOf = (name: string): string => join(folder, name)
  let held: { readonly lock: FolderLock; readonly epoch: Epoch } | undefined
  const epoch = (): Epoch => held?.epoch ?? NO_EPOCH
  const confirm = async (): Promise<void> => held?.lock.confirm()
  const writer: Writer = {
    get epoch() {
      return epoch().id
    },
    confirm,
  }

  // What has the epoch in its name is written by this process only, whoever holds the lock.
  const mayAppend = (name: string): (() => Promise<void>) =>
    held !== undefined && name.includes(held.epoch.id) ? held.lock.confirmRecent : confirm

  const confirmed = (name: string, change: () => Promise<void>): Promise<void> =>
    writing(fileOf(name), async () => {
      await confirm()
      await change()
    })

  return {
    place: folder,
    async lock(waiting) {
      const lock = await lockFolder(folder, waiting, times)
      try {
        const epoch = await writing(folder, () => openEpoch(folder, lock))
        await writing(folder, () => fence(folder, epoch.id, { recursive: false }))
        if (epoch.isNew)
          await writing(folder, () => fence(join(folder, 'items'), epoch.id, { recursive: false }))
        held = { lock, epoch }
      } catch (error) {
        await lock.release()
        throw error
      }
      return async () => {
        const mine = held?.lock === lock ? held : undefined
        if (mine !== undefined) held = undefined
        // If that fails, the next run checks whether this process is alive.
        if (mine !== undefined) await closeEpoch(folder, lock, mine.epoch).catch(() => {})
        await lock.release()
      }
    },
    holder: () => writing(folder, () => holderOf(folder)),
    lockLife: { kind: 'watched', afterMs: times.staleAfterMs },
    confirm,
    epoch,
    read: (name) =>
      readText(fileOf(name)).catch((error: unknown) => Promise.reject(unreadable(error, fileOf(name)))),
    pieces: (name) => piecesOf(fileOf(name)),
    write: (name, text) => writing(fileOf(name), () => writeWhole(fileOf(name), text, OWNER_ONLY, writer)),
    appender: (name, keepBytes) =>
      writing(fileOf(name), () =>
        openAppender(fileOf(name), keepBytes, { confirm, mayAppend: mayAppend(name) }),
      ),
    async bytesOf(name) {
      try {
        return (await stat(fileOf(name))).size
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error
      }
    },
    remove: (name) => confirmed(name, () => rm(fileOf(name), { force: true })),
    destroy: (name) => confirmed(name, () => destroyFile(fileOf(name))),
    // Again where another process makes something in it meanwhile: a task that finds its unit removed.
    clear: () =>
      writing(folder, () => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 })),
    below: (name) => folderState(join(folder, name), times),
    bootId,
  }
}

async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: PIECE_BYTES })
  } catch (error) {
    if (!isMissing(error)) throw unreadable(error, path)
  }
}

async function openAppender(
  path: string,
  keepBytes: number,
  { confirm, mayAppend }: { readonly confirm: () => Promise<void>; readonly mayAppend: () => Promise<void> },
): Promise<Appender> {
  await makeFolders(dirname(path), 0o700)
  await confirm()
  const there = keepBytes > 0 ? await reopenOwn(path, constants.O_RDWR | constants.O_APPEND) : undefined
  if (there === undefined && keepBytes > 0) throw gone(path)
  await there?.truncate(keepBytes).catch(async (error: unknown) => {
    await there.close()
    throw error
  })
  const file = there ?? (await createOwn(path, OWNER_ONLY))
  let isNamed = there !== undefined
  return {
    append: (text) =>
      writing(path, async () => {
        await mayAppend()
        await file.appendFile(text)
      }),
    keep: async () => {},
    flush: () =>
      writing(path, async () => {
        await file.datasync()
        // Its name must survive too.
        if (!isNamed) await flushFolder(dirname(path))
        isNamed = true
      }),
    close: () => file.close(),
  }
}

/** A folder in place of a file will not go away by itself; the user must remove it. */
const unreadable = (error: unknown, at: string): unknown =>
  (error as NodeJS.ErrnoException).code !== 'EISDIR'
    ? error
    : sluiceError('STATE_UNREADABLE', {
        at,
        message: 'a folder is where a file of the state belongs',
        help: 'remove it, or give another --state',
        cause: error,
      })

const gone = (at: string) =>
  sluiceError('SINK_UNWRITABLE', {
    at,
    message: 'is gone, or has become a link',
    help: 'remove it and run it again',
  })

async function destroyFile(path: string): Promise<void> {
  const file = await reopenOwn(path)
  if (file !== undefined)
    try {
      await file.write(Buffer.alloc((await file.stat()).size), 0)
      await file.sync()
    } finally {
      await file.close()
    }
  await rm(path, { force: true })
}

/** Id of this machine's boot: the next boot loses what the page cache holds. */
export async function bootId(): Promise<string | undefined> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
  } catch {
    return undefined
  }
}
