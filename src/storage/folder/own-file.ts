import { constants } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { isExisting, isLink, isMissing } from './file-errors.js'

const ATTEMPTS = 3

/**
 * Creates a file for writing. Whatever has the name is removed first: a link that somebody put there is never
 * followed, so what it points to is never written.
 */
export async function createOwn(path: string, mode = 0o666): Promise<FileHandle> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // O_EXCL also fails for a symbolic link, wherever it leads.
      return await open(path, 'wx', mode)
    } catch (error) {
      if (!isExisting(error) || attempt === ATTEMPTS) throw error
    }
    await rm(path, { force: true })
  }
}

/** Opens a file made by `createOwn` without changing it; undefined if it is missing or a link of either kind. */
export async function reopenOwn(
  path: string,
  flags: number = constants.O_RDWR,
): Promise<FileHandle | undefined> {
  const file = await open(path, flags | constants.O_NOFOLLOW).catch((error: unknown) => {
    if (isMissing(error) || isLink(error)) return undefined
    throw error
  })
  if (file === undefined) return undefined
  const stats = await file.stat()
  if (stats.isFile() && stats.nlink === 1) return file
  await file.close()
  return undefined
}
