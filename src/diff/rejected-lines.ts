import { sluiceError } from '../errors.js'
import { quarantineName } from '../pipeline/checkpoint/done-record.js'
import { ItemLines } from '../pipeline/item-lines.js'
import type { QuarantinedLine } from '../pipeline/report/quarantine.js'
import { type DiffStores, unlessAbsent } from './stores.js'

// A row may hold the line itself, escaped or in base64.
const MAX_ROW_BYTES = 256 * 2 ** 20

const nameInQuarantine = (output: string): string => quarantineName(output).replace(/^quarantine\//, '')

/** The places of an output's quarantined lines, in their order. */
export class RejectedLines {
  #current: Pick<QuarantinedLine, 'line' | 'offset'> | undefined

  readonly #rows: ItemLines
  readonly #place: string

  private constructor(rows: ItemLines, place: string) {
    this.#rows = rows
    this.#place = place
  }

  /** Undefined where the state has none. Throws SOURCE_*. */
  static async open({ quarantine }: DiffStores, output: string): Promise<RejectedLines | undefined> {
    const item = await unlessAbsent(quarantine.head(nameInQuarantine(output)))
    if (item === undefined) return undefined
    const rows = new ItemLines(quarantine, [item], MAX_ROW_BYTES)
    const rejected = new RejectedLines(rows, `${quarantine.place}/${item.name}`)
    try {
      await rejected.advance()
      return rejected
    } catch (error) {
      await rows.close()
      throw error
    }
  }

  get current(): Pick<QuarantinedLine, 'line' | 'offset'> | undefined {
    return this.#current
  }

  /** Throws SOURCE_CORRUPT. */
  async advance(): Promise<void> {
    const row = await this.#rows.next()
    this.#current = row === undefined ? undefined : this.#parsed(row.bytes)
  }

  close(): Promise<void> {
    return this.#rows.close()
  }

  #parsed(bytes: Buffer | undefined): Pick<QuarantinedLine, 'line' | 'offset'> {
    try {
      const { line, offset } = JSON.parse((bytes ?? '').toString()) as Partial<QuarantinedLine>
      if (Number.isSafeInteger(line) && Number.isSafeInteger(offset))
        return { line: Number(line), offset: Number(offset) }
    } catch {
      // The text of the error would quote the row.
    }
    throw sluiceError('SOURCE_CORRUPT', {
      at: this.#place,
      message: 'is not a list of quarantined lines',
      help: 'give the state that the run left',
    })
  }
}
