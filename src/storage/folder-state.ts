import { open, readFile, rm, stat, truncate } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isMissing, writing } from './file-errors.js'
import { makeFolders, readText, writeWhole } from './folder-files.js'
import { lockFolder } from './folder-lock.js'
import type { Appender, State } from './store.js'

// Journals name files and outputs; secrets lie here until the run is complete.
const OWNER_ONLY = 0o600

/** Small texts in a folder that nobody else reads. */
export function folderState(folder: string): State {
  const fileOf = (name: string): string => join(folder, name)
  return {
    place: folder,
    lock: () => lockFolder(folder),
    read: (name) => readText(fileOf(name)),
    write: (name, text) => writing(fileOf(name), () => writeWhole(fileOf(name), text, OWNER_ONLY)),
    appender: (name, keepBytes) => writing(fileOf(name), () => openAppender(fileOf(name), keepBytes)),
    async bytesOf(name) {
      try {
        return (await stat(fileOf(name))).size
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error
      }
    },
    remove: (name) => writing(fileOf(name), () => rm(fileOf(name), { force: true })),
    destroy: (name) => writing(fileOf(name), () => destroyFile(fileOf(name))),
    clear: () => writing(folder, () => rm(folder, { recursive: true, force: true })),
    bootId,
  }
}

async function openAppender(path: string, keepBytes: number): Promise<Appender> {
  await makeFolders(dirname(path), 0o700)
  if (keepBytes > 0) await truncate(path, keepBytes)
  const file = await open(path, keepBytes > 0 ? 'a' : 'w', OWNER_ONLY)
  return {
    append: (text) => writing(path, async () => void (await file.appendFile(text))),
    keep: async () => {},
    flush: () => writing(path, () => file.datasync()),
    close: () => file.close(),
  }
}

async function destroyFile(path: string): Promise<void> {
  try {
    const file = await open(path, 'r+')
    try {
      await file.write(Buffer.alloc((await file.stat()).size), 0)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (isMissing(error)) return
    throw error
  }
  await rm(path, { force: true })
}

/** Of this machine: what its page cache holds is gone with the next boot. */
export async function bootId(): Promise<string | undefined> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
  } catch {
    return undefined
  }
}
