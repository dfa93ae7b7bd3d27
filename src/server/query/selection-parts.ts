import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ItemIndex } from '../catalog/item-index.js'
import { RunReader, RunWriter, runsOf } from '../catalog/item-ranges.js'
import type { LineRecord } from '../catalog/line-records.js'
import { isPacked, packingOf } from '../catalog/packing.js'
import { turns } from '../turns.js'
import { contentTest } from './content-test.js'
import type { Selection, SelectOptions } from './selection.js'

/** Collects the lines of one type of one item into files. */
export class SelectionParts {
  readonly #done: Selection[] = []
  readonly #test: ((line: Buffer) => boolean) | undefined
  #writer: RunWriter | undefined
  #runs = ''
  #count = 0
  #bytes = 0

  readonly #options: SelectOptions
  readonly #index: ItemIndex
  readonly #of: { readonly type: string; readonly number: number }

  constructor(
    options: SelectOptions,
    index: ItemIndex,
    of: { readonly type: string; readonly number: number },
  ) {
    this.#options = options
    this.#index = index
    this.#of = of
    this.#test = contentTest(options.criteria, of.type)
  }

  readonly #waiting: LineRecord[] = []

  get isFull(): boolean {
    return this.#bytes >= this.#options.maxFileBytes
  }

  add(line: LineRecord): void {
    this.#waiting.push(line)
    this.#count += 1
    this.#bytes += line.length
  }

  async flush(): Promise<void> {
    if (this.#waiting.length === 0) return
    this.#writer ??= await this.#open()
    for (const line of this.#waiting.splice(0)) this.#writer.add(line)
    await this.#writer.flush()
  }

  async next(): Promise<void> {
    await this.flush()
    const { item } = this.#index
    const writer = this.#writer
    this.#writer = undefined
    if (writer !== undefined) {
      const digest = await writer.close()
      const selection = {
        name: this.#name(),
        type: this.#of.type,
        count: this.#count,
        item,
        ...packingOf(this.#index),
        bytes: this.#bytes,
        runs: this.#runs,
        digest,
      }
      const passed = this.#test === undefined ? selection : await this.#filter(selection, this.#test)
      if (passed.count > 0) this.#done.push(passed)
    }
    this.#count = 0
    this.#bytes = 0
  }

  async close(): Promise<Selection[]> {
    await this.next()
    return this.#done
  }

  /** Releases open files. */
  async abort(): Promise<void> {
    const writer = this.#writer
    this.#writer = undefined
    await writer?.abort()
  }

  #name(): string {
    const { type, number } = this.#of
    return this.#done.length === 0
      ? `${type}-${number}.ndjson`
      : `${type}-${number}-${this.#done.length + 1}.ndjson`
  }

  #open(): Promise<RunWriter> {
    this.#runs = `${this.#name()}.runs`
    return RunWriter.create(join(this.#options.folder, this.#runs), { keepsLines: this.#test !== undefined })
  }

  /** Reads the lines and keeps those that pass. */
  async #filter(
    selection: Selection & { readonly runs: string },
    test: (line: Buffer) => boolean,
  ): Promise<Selection> {
    const { source, folder, signal } = this.#options
    const all = join(folder, selection.runs)
    const runs = `${selection.name}.passed.runs`
    const writer = await RunWriter.create(join(folder, runs))
    let digest = ''
    const reader = new RunReader(source, selection.item, isPacked(selection), runsOf(all))
    let count = 0
    let bytes = 0
    const turn = turns(signal)
    try {
      for await (const run of runsOf(all)) {
        await turn()
        const line = Buffer.allocUnsafe(run.length)
        await reader.read(line)
        if (!test(line)) continue
        writer.add(run)
        count += 1
        bytes += run.length
        if (writer.pendingBytes > 32 * 1024) await writer.flush()
      }
      await reader.verify()
      digest = await writer.close()
    } catch (error) {
      await writer.abort()
      throw error
    } finally {
      await reader.close()
    }
    await rm(all, { force: true })
    return { ...selection, count, bytes, runs, digest }
  }
}
