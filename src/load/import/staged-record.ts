import { parseJson } from '../../json/parse.js'
import { isRecord } from '../../json/record.js'
import type { Sink, State } from '../../storage/store.js'
import { LineLog } from '../audit/line-log.js'
import type { LineOrigin } from './line-index.js'
import { recommit, type StagedFile } from './staged-file.js'

const NAME = 'import/staged'

/** A file that was sealed, or one that turned out to be gone and is made again. */
type RecordLine = { readonly file: StagedFile } | { readonly lost: string }

const indexName = (file: string): string => `import/index/${file}`

/** The staged files of one import, recorded before each of them appears under its name. */
export class StagedRecord {
  /** By type, in their order. */
  readonly #files = new Map<string, StagedFile[]>()
  readonly #state: State
  #log: LineLog | undefined

  private constructor(state: State) {
    this.#state = state
  }

  static async open(state: State): Promise<StagedRecord> {
    const record = new StagedRecord(state)
    record.#log = await LineLog.open(state, NAME, (text) => record.#apply(parseJson(text)))
    return record
  }

  #apply(line: unknown): void {
    if (!isRecord(line)) return
    if (isRecord(line.file)) {
      const file = line.file as unknown as StagedFile
      this.#files.set(file.type, [...this.#filesOf(file.type), file])
    } else if (typeof line.lost === 'string')
      for (const [type, files] of this.#files)
        this.#files.set(
          type,
          files.filter(({ name }) => name !== line.lost),
        )
  }

  get files(): readonly StagedFile[] {
    return [...this.#files.values()].flat()
  }

  /**
   * Commits what an earlier run sealed. A file whose bytes are gone is made again, and with it those of its type that
   * follow.
   */
  async recover(sink: Sink, fingerprint: string): Promise<void> {
    const lost = new Set<string>()
    for (const file of this.files) {
      if (!lost.has(file.type) && (await recommit(sink, file, fingerprint))) continue
      lost.add(file.type)
      await this.#append({ lost: file.name })
    }
  }

  /** Whether a line of a type is in one of the files. Lines are staged in the order of items and ordinals. */
  covers(type: string, { item, ordinal }: Pick<LineOrigin, 'item' | 'ordinal'>): boolean {
    const last = this.#files.get(type)?.at(-1)?.last
    return last !== undefined && (item < last.item || (item === last.item && ordinal <= last.ordinal))
  }

  /** Number of files of a type. */
  countOf(type: string): number {
    return this.#filesOf(type).length
  }

  /** Records a sealed file, its index first. It survives a power failure once this returns. */
  async add(file: StagedFile, indexText: string): Promise<void> {
    await this.#state.write(indexName(file.name), indexText)
    await this.#append({ file })
  }

  /** The text of a file's index; empty if it is gone. */
  async indexOf(file: StagedFile): Promise<string> {
    return (await this.#state.read(indexName(file.name))) ?? ''
  }

  /** Removes what is known of a file that is settled, but not the record that it was made. */
  forgetIndex(file: StagedFile): Promise<void> {
    return this.#state.remove(indexName(file.name))
  }

  close(): Promise<void> {
    return this.#log?.close() ?? Promise.resolve()
  }

  #filesOf(type: string): readonly StagedFile[] {
    return this.#files.get(type) ?? []
  }

  async #append(line: RecordLine): Promise<void> {
    await this.#log?.append(`${JSON.stringify(line)}\n`, { isDurable: true })
    this.#apply(line)
  }
}

/** Forgets the staged files of an import that is over. The log of a later one begins anew. */
export async function forgetRecord(state: State): Promise<void> {
  await state.remove(`${NAME}.ndjson`)
}
