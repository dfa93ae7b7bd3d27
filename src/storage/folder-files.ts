import { mkdir, open, readFile, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isMissing } from './file-errors.js'

/** Writes a file whole: beside it, flushed, then by rename, and the folder flushed. */
export async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  await makeFolders(dirname(path))
  const part = `${path}.part`
  const file = await open(part, 'w', mode)
  try {
    await file.writeFile(text)
    await file.datasync()
  } finally {
    await file.close()
  }
  await rename(part, path)
  await flushFolder(dirname(path))
}

/**
 * Makes a folder and those above it that are missing. Not by `recursive`: Node tries for ever where a folder is there
 * but takes no other, and says ENOENT (/proc, the roots of an automounter).
 */
export async function makeFolders(path: string, mode?: number): Promise<void> {
  if (await makeFolder(path, mode)) return
  await makeFolders(dirname(path), mode)
  if (!(await makeFolder(path, mode))) await mkdir(path, { mode })
}

/** False where the one above is missing. Whatever stands in the way of one that is there already is no failure. */
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

/** A rename is durable only when its folder is. */
export async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } catch (error) {
    // Some file systems cannot flush a folder; there is nothing else to do about it.
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error
  } finally {
    await folder.close()
  }
}
