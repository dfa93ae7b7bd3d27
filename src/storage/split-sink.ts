import { isDocumentName } from './names.js'
import type { CommitFacts, Sink, SinkHead, SinkItem } from './store.js'

/**
 * Outputs in parts: a part ends with the first append that makes it `splitBytes` long or longer, so between lines.
 * Documents are not split. `Patient.ndjson` becomes `Patient-00001.ndjson` and so on, also where it is one part.
 */
export function splitSink(sink: Sink, splitBytes: number): Sink {
  const headOf = async (name: string): Promise<SinkHead | undefined> => {
    const heads: SinkHead[] = []
    for (let number = 1; ; number += 1) {
      const head = await sink.head(partName(name, number))
      if (head === undefined) break
      heads.push(head)
    }
    return heads.length === 0 ? undefined : wholeOf(name, heads)
  }
  return {
    ...sink,
    mostOutputBytes: undefined,
    head: (name) => (isDocumentName(name) ? sink.head(name) : headOf(name)),
    item: (name, fingerprint) =>
      isDocumentName(name)
        ? sink.item(name, fingerprint)
        : new SplitSinkItem(sink, { name, fingerprint, splitBytes }),
    async remove(name) {
      if (isDocumentName(name)) return sink.remove(name)
      await removeFrom(sink, name, 1)
    },
  }
}

interface SplitOutput {
  readonly name: string
  readonly fingerprint: string
  readonly splitBytes: number
}

class SplitSinkItem implements SinkItem {
  #parts: SinkItem[] = []
  /** Once it is sealed. */
  #heads: readonly SinkHead[] = []
  /** Of the parts before the last one. */
  #closedBytes = 0
  #lastBytes = 0

  constructor(
    private readonly sink: Sink,
    private readonly output: SplitOutput,
  ) {}

  async resume(bytes: number): Promise<boolean> {
    await this.close()
    this.#begin()
    for (let number = 1; ; number += 1) {
      const part = this.#part(number)
      const left = bytes === 0 ? 0 : await part.leftBytes()
      const rest = bytes - this.#closedBytes
      if (left === 0 || left >= rest) {
        this.#parts.push(part)
        this.#lastBytes = rest
        return part.resume(rest)
      }
      if (!(await part.resume(left))) return false
      this.#parts.push(part)
      this.#closedBytes += left
    }
  }

  async leftBytes(): Promise<number> {
    let sum = 0
    for (let number = 1; ; number += 1) {
      const left = await this.#part(number).leftBytes()
      if (left === 0) return sum
      sum += left
    }
  }

  async append(pieces: readonly Uint8Array[]): Promise<void> {
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0)
    if (bytes > 0 && this.#lastBytes >= this.output.splitBytes) await this.#roll()
    await this.#last.append(pieces)
    this.#lastBytes += bytes
  }

  get keptBytes(): number {
    return this.#closedBytes + this.#last.keptBytes
  }

  complete(): Promise<void> {
    return this.#last.complete()
  }

  flush(): Promise<void> {
    return this.#last.flush()
  }

  async find(sealed: SinkHead): Promise<'committed' | 'ready' | 'lost'> {
    const heads = partsOf(sealed)
    if (heads === undefined) return 'lost'
    if (this.#parts.length !== heads.length) {
      this.#begin()
      this.#parts = heads.map((_, at) => this.#part(at + 1))
    }
    this.#heads = heads
    const found = new Set<'committed' | 'ready' | 'lost'>()
    for (const [at, head] of heads.entries()) found.add(await this.#parts[at].find(head))
    if (found.has('lost')) return 'lost'
    // What an earlier, longer output left behind is still to be removed.
    const hasMore = (await this.sink.head(partName(this.output.name, heads.length + 1))) !== undefined
    return found.has('ready') || hasMore ? 'ready' : 'committed'
  }

  async sealed(): Promise<SinkHead> {
    this.#heads = await Promise.all(this.#parts.map((part) => part.sealed()))
    return wholeOf(this.output.name, this.#heads)
  }

  /** Part by part: each appears whole. */
  async commit(facts: CommitFacts): Promise<void> {
    for (const [at, part] of this.#parts.entries())
      if ((await part.find(this.#heads[at])) !== 'committed') await part.commit(facts)
    await removeFrom(this.sink, this.output.name, this.#parts.length + 1)
  }

  async settle(): Promise<void> {
    for (const part of this.#parts) await part.settle()
  }

  async abort(): Promise<void> {
    for (const part of this.#parts) await part.abort()
  }

  async close(): Promise<void> {
    for (const part of this.#parts) await part.close()
  }

  get #last(): SinkItem {
    const last = this.#parts.at(-1)
    if (last === undefined) throw new Error('append before resume')
    return last
  }

  #part(number: number): SinkItem {
    return this.sink.item(partName(this.output.name, number), this.output.fingerprint)
  }

  #begin(): void {
    this.#parts = []
    this.#closedBytes = 0
    this.#lastBytes = 0
  }

  async #roll(): Promise<void> {
    await this.#last.complete()
    await this.#last.flush()
    this.#closedBytes += this.#lastBytes
    this.#lastBytes = 0
    const part = this.#part(this.#parts.length + 1)
    await part.resume(0)
    this.#parts.push(part)
  }
}

/** Each part of what is there is the one at its place in one of the outputs: a commit was interrupted. */
export const isMixOf = (there: SinkHead, outputs: readonly (SinkHead | null | undefined)[]): boolean => {
  if (there.parts === undefined) return false
  const known = outputs.map((output) => (output == null ? undefined : partsOf(output)))
  const isKnown = ({ version }: SinkHead, at: number): boolean =>
    known.some((parts) => parts?.[at]?.version === version)
  return partsOf(there)?.every(isKnown) === true
}

/** `a/Patient.ndjson` and 2: `a/Patient-00002.ndjson`. */
const partName = (name: string, number: number): string =>
  name.replace(/(\.[^./]+(?:\.gz)?)$/i, (ending) => `-${String(number).padStart(5, '0')}${ending}`)

/** The version names every part's, so that each can be found again. */
const wholeOf = (name: string, heads: readonly SinkHead[]): SinkHead => ({
  bytes: heads.reduce((sum, { bytes }) => sum + bytes, 0),
  version: JSON.stringify(heads.map(({ bytes, version }) => [bytes, version])),
  ...(heads[0]?.fingerprint === undefined ? {} : { fingerprint: heads[0].fingerprint }),
  parts: heads.map((_, at) => partName(name, at + 1)),
})

function partsOf({ version }: SinkHead): readonly SinkHead[] | undefined {
  try {
    return (JSON.parse(version) as [number, string][]).map(([bytes, version]) => ({ bytes, version }))
  } catch {
    return undefined
  }
}

async function removeFrom(sink: Sink, name: string, first: number): Promise<void> {
  const numbers: number[] = []
  for (let number = first; (await sink.head(partName(name, number))) !== undefined; number += 1)
    numbers.push(number)
  // From the end, so that a crash leaves no gap behind which parts would be overlooked.
  for (const number of numbers.reverse()) await sink.remove(partName(name, number))
}
