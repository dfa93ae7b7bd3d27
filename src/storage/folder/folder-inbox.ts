import { copyFile, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sluiceError } from '../../errors.js'
import { type Arrival, changedArrival, type Inbox, namesFor } from '../inbox.js'
import { checkName } from '../names.js'
import { isMissing, sourceError, writing } from './file-errors.js'
import { headBy, pinOf } from './file-version.js'
import { flushFolder, makeFolders, writeWhole } from './folder-files.js'

/** The files of a folder and its subfolders. */
export class FolderInbox implements Inbox {
  readonly place: string

  constructor(path: string) {
    this.place = path
  }

  create(): Promise<void> {
    return writing(this.place, () => makeFolders(this.place))
  }

  list(): AsyncIterable<Arrival> {
    return this.#listIn('')
  }

  async *#listIn(prefix: string): AsyncIterable<Arrival> {
    const folder = join(this.place, prefix)
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
      throw sourceError(error, folder)
    })
    for (const entry of entries) {
      const name = prefix + entry.name
      if (entry.name.startsWith('.')) continue
      if (entry.isDirectory()) yield* this.#listIn(`${name}/`)
      else if (entry.isFile()) {
        const arrival = await this.#arrivalOf(name)
        if (arrival !== undefined) yield arrival
      }
    }
  }

  /** Undefined for a file that is gone again. */
  async #arrivalOf(name: string): Promise<Arrival | undefined> {
    const path = join(this.place, name)
    try {
      const { mtimeMs } = await stat(path)
      const head = await headBy(path, pinOf)
      return head && { name, bytes: head.bytes, version: head.version, arrivedMs: mtimeMs }
    } catch (error) {
      if (isMissing(error)) return undefined
      throw sourceError(error, name)
    }
  }

  async move({ name, version }: Arrival, to: Inbox, target: string): Promise<string> {
    if (!(to instanceof FolderInbox)) throw otherStore(to)
    checkName(target)
    const path = join(this.place, name)
    if ((await headBy(path, pinOf))?.version !== version) throw changedArrival({ name })
    const free = await to.#freeName(target)
    const place = join(to.place, free)
    await writing(place, async () => {
      await makeFolders(dirname(place))
      await moveFile(path, place)
      await flushFolder(dirname(place))
      await flushFolder(dirname(path))
    })
    return free
  }

  /** Only the holder of the state's lock moves files here, so that a free name stays free. */
  async #freeName(target: string): Promise<string> {
    for (const name of namesFor(target)) {
      const there = await stat(join(this.place, name)).catch(() => undefined)
      if (there === undefined) return name
    }
    return target
  }

  async put(name: string, text: string): Promise<void> {
    checkName(name)
    const path = join(this.place, name)
    await writing(path, () => writeWhole(path, text, 0o600))
  }
}

/** Renames a file; between file systems, copies it under a temporary name first. */
async function moveFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    const part = `${to}.part`
    await mkdir(dirname(to), { recursive: true })
    await copyFile(from, part)
    const file = await open(part, 'r')
    try {
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(part, to)
    await rm(from)
  }
}

const otherStore = ({ place }: Inbox) =>
  sluiceError('USAGE', {
    at: place,
    message: 'is not a folder, but the source is one',
    help: 'files can be moved only within one kind of store; give a folder',
  })
