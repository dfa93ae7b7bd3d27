import { parseJson } from '../../json/parse.js'
import { isRecord } from '../../json/record.js'
import { textLines } from '../../ndjson/text-lines.js'
import type { State } from '../../storage/store.js'
import type { SourceLine } from './audit-line.js'
import { type ErrorLine, errorText } from './error-line.js'
import { LineLog, type LineLogLimits, segmentName } from './line-log.js'
import { Ordinals } from './ordinals.js'

const NAME = 'errors'

/** The entries that are not loaded: in the end one line for each. */
export class ErrorLog {
  readonly #state: State
  readonly #log: LineLog
  /** Where the lines of this run begin. */
  readonly #start: LineLog['end']
  /** What this run settled, by item: lines of earlier runs about it, or about another version, are out of date. */
  readonly #settled = new Map<string, { readonly version: string; readonly ordinals: Ordinals }>()

  private constructor(state: State, log: LineLog) {
    this.#state = state
    this.#log = log
    this.#start = log.end
  }

  static async open(state: State, limits: LineLogLimits): Promise<ErrorLog> {
    return new ErrorLog(state, await LineLog.open(state, NAME, undefined, limits))
  }

  async append(lines: readonly ErrorLine[]): Promise<void> {
    if (lines.length > 0) await this.#log.append(errorText(lines), { isDurable: false })
  }

  /** Notes that this run settled entries. */
  settled({ item, version, entries }: SourceLine): void {
    if (!this.#hasEarlier || entries.length === 0) return
    const known = this.#settled.get(item)
    const settled = known?.version === version ? known : { version, ordinals: new Ordinals() }
    this.#settled.set(item, settled)
    for (const range of entries) settled.ordinals.add(range)
  }

  flush(): Promise<void> {
    return this.#log.flush()
  }

  /** Removes lines of earlier runs about entries that this run settled. Nothing can be appended afterwards. */
  async tidy(): Promise<void> {
    await this.#log.close()
    if (this.#settled.size === 0) return
    for (let number = 1; number <= this.#start.number; number += 1) {
      const name = segmentName(NAME, number)
      const text = (await this.#state.read(name)) ?? ''
      const untilBytes = number === this.#start.number ? this.#start.bytes : Number.POSITIVE_INFINITY
      const kept = this.#current(text, untilBytes)
      if (kept.length < text.length) await this.#state.write(name, kept)
    }
  }

  close(): Promise<void> {
    return this.#log.close()
  }

  get #hasEarlier(): boolean {
    return this.#start.number > 1 || this.#start.bytes > 0
  }

  #current(text: string, untilBytes: number): string {
    const kept: string[] = []
    for (const line of textLines(text))
      if (line.endBytes > untilBytes || !this.#isOutdated(line.text)) kept.push(`${line.text}\n`)
    return kept.join('')
  }

  #isOutdated(text: string): boolean {
    const line = parseJson(text)
    if (!isRecord(line)) return false
    const settled = this.#settled.get(String(line.item))
    return (
      settled !== undefined &&
      (line.version !== settled.version || settled.ordinals.has(Number(line.ordinal)))
    )
  }
}
