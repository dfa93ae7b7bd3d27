import { createHash } from 'node:crypto'
import { isSluiceError, sluiceError } from '../../errors.js'
import { oneLine } from '../../json/one-line.js'
import type { SourceReader } from '../../storage/store.js'
import { SearchRefusal } from '../search/client.js'
import type { FoundResource, Page } from '../search/page.js'
import type { KeyRecord } from './key-record.js'
import { KEY_BYTES } from './key-table.js'
import type { Ownership } from './ownership.js'

export interface ItemReading {
  readonly name: string
  readonly pages: AsyncGenerator<Page>
  readonly ownership: Ownership
  readonly record: KeyRecord
  /** Secret part of the keys. */
  readonly salt: string
  /** Called for each page; `lines` are those that the item writes. */
  readonly onPage: (page: Page, lines: readonly FoundResource[]) => void
}

const LF = Buffer.from('\n')

/**
 * Reads the resources of an item, a line each. Those that another item has are left out. Throws SOURCE_UNREADABLE for a
 * search that fails, SOURCE_CHANGED where the item has to be read again, and what requests throw.
 */
export class ItemReader implements SourceReader {
  readonly #reading: ItemReading
  readonly #number: number
  #pieces: Buffer[] = []
  #isAtEnd = false
  #isFinished = false

  constructor(reading: ItemReading) {
    this.#reading = reading
    this.#number = reading.ownership.begin(reading.name)
  }

  async read(target: Uint8Array): Promise<number> {
    let filled = 0
    while (filled < target.length) {
      const piece = this.#pieces.shift()
      if (piece === undefined) {
        if (this.#isAtEnd) break
        await this.#nextPage()
        continue
      }
      const taken = piece.subarray(0, target.length - filled)
      target.set(taken, filled)
      filled += taken.length
      if (taken.length < piece.length) this.#pieces.unshift(piece.subarray(taken.length))
    }
    return filled
  }

  /** Keeps the keys before the output can be committed. */
  async verify(): Promise<void> {
    const { name, ownership, record } = this.#reading
    if (this.#isFinished) return
    while (!this.#isAtEnd) await this.#nextPage()
    if (!(await ownership.finish(name, this.#number)))
      throw sluiceError('SOURCE_CHANGED', {
        at: name,
        message: 'the data changed on the server, and some items must be fetched again',
      })
    await record.complete()
    this.#isFinished = true
  }

  async close(): Promise<void> {
    const { ownership, pages, record } = this.#reading
    if (!this.#isFinished) ownership.lose(this.#number)
    void pages.return(undefined).catch(() => {})
    await record.close()
  }

  async #nextPage(): Promise<void> {
    const { name, pages, record, onPage } = this.#reading
    try {
      const { done, value: page } = await pages.next()
      if (done === true) {
        this.#isAtEnd = true
        return
      }
      const lines = page.resources.filter((resource) => this.#isToWrite(resource))
      this.#pieces = lines.flatMap(({ bytes }) => [oneLine(bytes), LF])
      onPage(page, lines)
    } catch (error) {
      throw failureOf(error, name)
    }
    await record.append()
  }

  #isToWrite({ type, id }: FoundResource): boolean {
    if (id === undefined) return true
    const { ownership, record, salt } = this.#reading
    const key = createHash('sha256').update(`${salt}${type}/${id}`).digest().subarray(0, KEY_BYTES)
    const taken = ownership.take(key, this.#number)
    if (taken === 'taken') record.wrote(key)
    if (taken === 'left') record.left(key)
    return taken === 'taken'
  }
}

/** A search that fails is a failure of its item: the others are fetched, and the run is not complete. */
function failureOf(error: unknown, at: string): unknown {
  if (error instanceof SearchRefusal)
    return sluiceError('SOURCE_UNREADABLE', {
      at,
      message: `the server did not answer the search: ${error.message}; no part of the item was kept`,
      help: `check the search and what the client may read, then run it again${error.kept}`,
      cause: error,
    })
  if (!isSluiceError(error) || error.code !== 'EXPORT_INVALID') return error
  const { at: place = at, fact } = error
  return sluiceError('SOURCE_UNREADABLE', {
    at,
    message: `${place === at ? '' : `${place}: `}the server ${fact}; no part of the item was kept`,
    help: error.help,
    cause: error,
  })
}
