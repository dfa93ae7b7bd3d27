import type { Arrival } from '../../storage/inbox.js'

/** What became of the entries of an item. */
export interface ItemOutcome {
  readonly name: string
  readonly version: string
  readonly read: number
  readonly loaded: number
  readonly failed: number
  readonly ambiguous: number
  readonly rejected: number
}

/** What became of a file that arrived; the items of an archive are counted together. */
export interface FileOutcome extends Omit<ItemOutcome, 'name'> {
  readonly file: string
  /** Why it, or an item of it, could not be read. */
  readonly unreadable?: { readonly code: string; readonly message: string } | undefined
}

const NOTHING = { read: 0, loaded: 0, failed: 0, ambiguous: 0, rejected: 0 }

/** Adds up the items of each file, while a load tells of them. */
export class FileOutcomes {
  readonly #outcomes: Map<string, FileOutcome>

  constructor(arrivals: readonly Arrival[]) {
    this.#outcomes = new Map(arrivals.map(({ name, version }) => [name, { file: name, version, ...NOTHING }]))
  }

  add({ name, read, loaded, failed, ambiguous, rejected }: ItemOutcome): void {
    const file = this.#fileOf(name)
    if (file === undefined) return
    this.#outcomes.set(file.file, {
      ...file,
      read: file.read + read,
      loaded: file.loaded + loaded,
      failed: file.failed + failed,
      ambiguous: file.ambiguous + ambiguous,
      rejected: file.rejected + rejected,
    })
  }

  addUnreadable(item: string, code: string, message: string): void {
    const file = this.#fileOf(item)
    if (file !== undefined) this.#outcomes.set(file.file, { ...file, unreadable: { code, message } })
  }

  of({ name, version }: Arrival): FileOutcome {
    return this.#outcomes.get(name) ?? { file: name, version, ...NOTHING }
  }

  /** An item of an archive has the archive's name before its own. */
  #fileOf(item: string): FileOutcome | undefined {
    for (let end = item.length; end > 0; end = item.lastIndexOf('/', end - 1)) {
      const file = this.#outcomes.get(item.slice(0, end))
      if (file !== undefined) return file
    }
    return undefined
  }
}

/** Whether every entry of the file was loaded. */
export const isClean = ({ failed, ambiguous, rejected, unreadable }: FileOutcome): boolean =>
  failed + ambiguous + rejected === 0 && unreadable === undefined
