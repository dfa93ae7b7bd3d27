import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolders, readText, writeWhole } from '../../storage/folder/folder-files.js'
import { type AltExportJob, readJob } from './job.js'

/** A file for each job, in a folder that one server uses at a time. */
export class JobFolder {
  readonly #folder: string
  /** Throws SINK_LOCKED if another process has taken over the folder. */
  readonly #confirm: () => Promise<void>

  constructor(folder: string, confirm: () => Promise<void>) {
    this.#folder = folder
    this.#confirm = confirm
  }

  async save(job: AltExportJob): Promise<void> {
    await makeFolders(this.#folder, 0o700)
    const writer = { epoch: '', confirm: this.#confirm }
    await writeWhole(this.#fileOf(job.id), JSON.stringify(job), 0o600, writer)
  }

  /** Reads every job, oldest first. What is left of a crash is removed, and so is a damaged job, which is reported. */
  async load(onDamaged: (file: string) => void): Promise<AltExportJob[]> {
    const jobs: AltExportJob[] = []
    for (const name of await readdir(this.#folder).catch(() => [])) {
      const path = join(this.#folder, name)
      const job = readJob(await readText(path))
      if (job !== undefined && name === `${job.id}.json`) jobs.push(job)
      else {
        if (name.endsWith('.json')) onDamaged(name)
        await rm(path, { recursive: true, force: true })
      }
    }
    return jobs.sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1))
  }

  async remove(id: string): Promise<void> {
    await this.#confirm()
    await rm(this.#fileOf(id), { force: true })
  }

  #fileOf(id: string): string {
    return join(this.#folder, `${id}.json`)
  }
}
