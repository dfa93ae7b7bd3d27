import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolders, readText, writeWhole } from '../../storage/folder/folder-files.js'
import type { JobRecord } from './job.js'

/** Folders of jobs: `<folder>/<id>/job.json`, the files of byte runs, `files/` and the state of the run. */
export class JobStore {
  readonly #folder: string
  /** Throws SINK_LOCKED if another process has taken over the folder. */
  readonly #confirm: () => Promise<void>

  constructor(folder: string, confirm: () => Promise<void> = async () => {}) {
    this.#folder = folder
    this.#confirm = confirm
  }

  /** Returns the folder of a job. */
  folderOf(id: string): string {
    return join(this.#folder, id)
  }

  async save(record: JobRecord): Promise<void> {
    await makeFolders(this.folderOf(record.id), 0o700)
    await writeWhole(join(this.folderOf(record.id), 'job.json'), JSON.stringify(record), 0o600, {
      epoch: '',
      confirm: this.#confirm,
    })
  }

  /** Loads every job, oldest first. A folder without a readable record is left from a crash and is removed. */
  async load(): Promise<JobRecord[]> {
    const records: JobRecord[] = []
    for (const id of await readdir(this.#folder).catch(() => [])) {
      const text = await readText(join(this.folderOf(id), 'job.json'))
      const record = text === undefined ? undefined : parse(text)
      if (record?.id === id) records.push(record)
      else await this.remove(id)
    }
    return records.sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1))
  }

  async remove(id: string): Promise<void> {
    await this.#confirm()
    await rm(this.folderOf(id), { recursive: true, force: true })
  }
}

function parse(text: string): JobRecord | undefined {
  try {
    return JSON.parse(text) as JobRecord
  } catch {
    return undefined
  }
}
