import { createHash } from 'node:crypto'
import { lstat, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { sluiceError } from '../../errors.js'
import { grouped } from '../grouped-work.js'
import { isMissing } from './file-errors.js'
import { createOwn } from './own-file.js'

/** Owner of the temporary file, if others may write the same file. */
export interface Writer {
  readonly epoch: string
  /** Throws SINK_LOCKED if this process may no longer write the file. */
  confirm(): Promise<void>
}

/** Writes a file as a whole: to a temporary file, flush, rename, flush of the folder. Throws SINK_LOCKED. */
export async function writeWhole(path: string, text: string, mode: number, writer?: Writer): Promise<void> {
  await makeFolders(dirname(path))
  const part = temporaryName(path, writer?.epoch)
  const file = await createOwn(part, mode)
  try {
    await file.writeFile(text)
    await file.datasync()
    // INVARIANT fence: the temporary file exists before the lock is confirmed.
    await writer?.confirm()
    await rename(part, path)
  } catch (error) {
    await rm(part, { force: true }).catch(() => {})
    throw error
  } finally {
    await file.close()
  }
  await flushFolder(dirname(path))
}

/** What the name of a file's temporary files begins with, in whatever epoch. */
export const temporaryBase = (path: string): string =>
  basename(temporaryName(path, '0'.repeat(8))).slice(0, -14)

const MAX_NAME_BYTES = 255

/** Names a temporary file beside the file; a hash replaces a name that would be too long for the file system. */
export function temporaryName(path: string, epoch = ''): string {
  const ending = epoch === '' ? '.part' : `.${epoch}.part`
  const name = basename(path)
  const isShort = Buffer.byteLength(name) + ending.length <= MAX_NAME_BYTES
  const short = isShort ? name : createHash('sha256').update(name).digest('hex').slice(0, 32)
  return join(dirname(path), `${short}${ending}`)
}

/** Throws SINK_UNUSABLE if a link leads out of the folder. */
async function checkInside(folder: string, inner: string): Promise<void> {
  if (folder === inner) return
  const [outer, real] = [await realpath(folder), await realpath(inner)]
  if (`${real}/`.startsWith(outer.endsWith('/') ? outer : `${outer}/`)) return
  throw sluiceError('SINK_UNUSABLE', {
    at: inner,
    message: 'a symbolic link leads out of the output folder',
    help: 'remove it, or choose another output',
  })
}

/** Makes folders inside `outer`. A folder that is unchanged since the last check is not checked again. */
export function folderMaker(outer: string): (inner: string) => Promise<void> {
  const made = new Map<string, string>()
  const identityOf = async (path: string): Promise<string | undefined> => {
    const stats = await stat(path, { bigint: true }).catch(() => undefined)
    return stats?.isDirectory() === true ? `${stats.dev}-${stats.ino}` : undefined
  }
  return async (inner) => {
    const known = made.get(inner)
    if (known !== undefined && known === (await identityOf(inner))) return
    await makeFolders(inner)
    await checkInside(outer, inner)
    const identity = await identityOf(inner)
    if (identity !== undefined) made.set(inner, identity)
  }
}

/** Makes the folder of a state. Throws SINK_UNUSABLE for a link, because its contents are for the owner only. */
export async function makeStateFolder(path: string): Promise<void> {
  await makeFolders(path, 0o700)
  if (!(await lstat(path)).isSymbolicLink()) return
  throw sluiceError('SINK_UNUSABLE', {
    at: path,
    message: 'the state folder is a symbolic link',
    help: 'remove it, or give --state',
  })
}

/**
 * Makes a folder and those above it that are missing. Not by `recursive`: Node tries forever where a folder is there
 * but takes no other, and says ENOENT (/proc, the roots of an automounter).
 */
export async function makeFolders(path: string, mode?: number): Promise<void> {
  if (await makeFolder(path, mode)) return
  await makeFolders(dirname(path), mode)
  if (!(await makeFolder(path, mode))) await mkdir(path, { mode })
}

/** Makes one folder; returns false if its parent is missing. Any error for an existing folder is ignored. */
async function makeFolder(path: string, mode: number | undefined): Promise<boolean> {
  try {
    await mkdir(path, { mode })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(path) !== path) return false
    const there = await stat(path).catch(() => undefined)
    if (there?.isDirectory() !== true) throw error
    return true
  }
}

export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

const flushes = new Map<string, (call: undefined) => Promise<void>>()

/** A rename is durable only once its folder is flushed. Concurrent renames share a flush. */
export function flushFolder(path: string): Promise<void> {
  const flush =
    flushes.get(path) ??
    grouped<undefined>(
      () => flushNow(path),
      () => flushes.delete(path),
    )
  flushes.set(path, flush)
  return flush(undefined)
}

async function flushNow(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } catch (error) {
    // Some file systems cannot flush a folder, and nothing else can be done about that.
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error
  } finally {
    await folder.close()
  }
}
