import { sluiceError } from '../errors.js'
import { present } from '../invariant.js'
import { isDocumentName } from './names.js'
import type { CommitFacts, OutputPlace, Sink, SinkHead, SinkItem } from './store.js'

/**
 * Outputs in parts: a part ends with the first append that makes it `splitBytes` long or longer, so between lines.
 * Documents are not split. `Patient.ndjson` becomes `Patient-00001.ndjson` and so on, also where it is one part.
 */
export function splitSink(
  sink: Sink,
  splitBytes: number,
  /**
   * With `overwrite`, foreign parts are replaced, including those after a missing part, which a look at the output
   * misses.
   */
  {
    overwrite = false,
    isSplit = (name) => !isDocumentName(name),
  }: { readonly overwrite?: boolean; readonly isSplit?: (name: string) => boolean } = {},
): Sink {
  /** Number of parts when the output was last examined; only those may be replaced or removed. */
  const seen = new Map<string, number>()
  const headOf = async (name: string): Promise<SinkHead | undefined> => {
    const heads: SinkHead[] = []
    for (let number = 1; ; number += 1) {
      const head = await sink.head(partName(name, number))
      if (head === undefined) break
      heads.push(head)
    }
    seen.set(name, heads.length)
    return heads.length === 0 ? undefined : wholeOf(name, heads)
  }
  const seenOf = async (name: string): Promise<number> => {
    if (!seen.has(name)) await headOf(name)
    return seen.get(name) ?? 0
  }
  return {
    ...sink,
    whole: sink,
    maxOutputBytes: undefined,
    head: (name) => (isSplit(name) ? headOf(name) : sink.head(name)),
    item: (name, fingerprint) =>
      isSplit(name)
        ? new SplitSinkItem(sink, { name, fingerprint, splitBytes, overwrite, seen: () => seenOf(name) })
        : sink.item(name, fingerprint),
    unit: (id, outputs) => splitSink(sink.unit(id, outputs), splitBytes, { overwrite, isSplit }),
    async remove(name) {
      if (!isSplit(name)) return sink.remove(name)
      await headOf(name)
      await removeParts(sink, name, 0, seen.get(name) ?? 0)
    },
  }
}

interface SplitOutput {
  readonly name: string
  readonly fingerprint: string
  readonly splitBytes: number
  readonly overwrite: boolean
  /** Number of parts when the output was last examined. */
  seen(): Promise<number>
}

class SplitSinkItem implements SinkItem {
  #parts: SinkItem[] = []
  /** Set once it is sealed. */
  #heads: readonly SinkHead[] = []
  /** Total bytes of the parts before the last one. */
  #closedBytes = 0
  #lastBytes = 0

  readonly #sink: Sink
  readonly #output: SplitOutput

  constructor(sink: Sink, output: SplitOutput) {
    this.#sink = sink
    this.#output = output
  }

  async resume(bytes: number): Promise<boolean> {
    await this.close()
    this.#begin()
    await this.#output.seen()
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

  /** Keeps part by part: all but the last must be complete. */
  async proven(places: readonly OutputPlace[]): Promise<number> {
    let before = 0
    for (let number = 1; ; number += 1) {
      const part = this.#part(number)
      const left = await part.leftBytes()
      const inPart = places
        .filter(({ outputBytes }) => outputBytes > before && outputBytes <= before + left)
        .map((place) => ({ ...place, outputBytes: place.outputBytes - before }))
      const proven = inPart.length === 0 ? 0 : await part.proven(inPart)
      before += proven
      if (left === 0 || proven < left) return before
    }
  }

  digest(): string | undefined {
    return this.#last.digest()
  }

  async append(pieces: readonly Uint8Array[]): Promise<void> {
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0)
    if (bytes > 0 && this.#lastBytes >= this.#output.splitBytes) await this.#roll()
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
    const heads = partsOf(sealed)?.map((head, at) => ({ ...head, sha256: sealed.parts?.[at]?.sha256 }))
    if (heads === undefined) return 'lost'
    if (this.#parts.length !== heads.length) {
      this.#begin()
      this.#parts = heads.map((_, at) => this.#part(at + 1))
    }
    this.#heads = heads
    const found = new Set<'committed' | 'ready' | 'lost'>()
    for (const [at, head] of heads.entries()) found.add((await this.#parts[at]?.find(head)) ?? 'lost')
    if (found.has('lost')) return 'lost'
    // Parts left by an earlier, longer output must still be removed.
    const hasMore = (await this.#partCount()) > heads.length
    return found.has('ready') || hasMore ? 'ready' : 'committed'
  }

  async sealed(): Promise<SinkHead> {
    this.#heads = await Promise.all(this.#parts.map((part) => part.sealed()))
    return wholeOf(this.#output.name, this.#heads)
  }

  /** Commits part by part; each appears whole. First checks that no part belongs to someone else. */
  async commit(facts: CommitFacts): Promise<void> {
    const { name } = this.#output
    const open: SinkItem[] = []
    for (const [at, part] of this.#parts.entries()) {
      if ((await part.find(present(this.#heads[at], 'the head of a part'))) === 'committed') continue
      await this.#checkFree(at + 1, facts)
      open.push(part)
    }
    const count = await this.#countWithThoseBehind(facts)
    for (const part of open) await part.commit(facts)
    await removeParts(this.#sink, name, this.#parts.length, count)
  }

  /** Counts the parts, including later ones, which would be taken for more of the output and are removed. */
  async #countWithThoseBehind(facts: CommitFacts): Promise<number> {
    const { name } = this.#output
    let count = Math.max(this.#parts.length, await this.#output.seen())
    while ((await this.#sink.head(partName(name, count + 1))) !== undefined) {
      count += 1
      await this.#checkFree(count, facts)
    }
    return count
  }

  /** Refuses to replace a part that did not exist when the output was examined, or that follows a missing one. */
  async #checkFree(number: number, { mark }: CommitFacts): Promise<void> {
    const { name, fingerprint, overwrite } = this.#output
    if (overwrite || number <= (await this.#output.seen())) return
    const part = partName(name, number)
    const there = await this.#sink.head(part)
    if (there === undefined || there.fingerprint === fingerprint) return
    if (mark === undefined || there.mark !== mark) throw notOurs(part)
  }

  /** Counts those that may be removed. */
  async #partCount(): Promise<number> {
    const seen = await this.#output.seen()
    if (!this.#output.overwrite) return seen
    for (let count = this.#parts.length; ; count += 1)
      if ((await this.#sink.head(partName(this.#output.name, count + 1))) === undefined)
        return Math.max(seen, count)
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
    return this.#sink.item(partName(this.#output.name, number), this.#output.fingerprint)
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

/** Whether each existing part has this fingerprint or is the one at its place, as after an interrupted commit. */
export const isMixOf = (
  there: SinkHead,
  fingerprint: string,
  outputs: readonly (SinkHead | null | undefined)[],
): boolean => {
  if (there.parts === undefined) return false
  const known = outputs.map((output) => (output == null ? undefined : partsOf(output)))
  const isKnown = (part: SinkHead, at: number): boolean =>
    part.fingerprint === fingerprint || known.some((parts) => parts?.[at]?.version === part.version)
  return partsOf(there)?.every(isKnown) === true
}

const notOurs = (at: string) =>
  sluiceError('SINK_CONFLICT', {
    at,
    message: 'follows a missing part, so that nothing shows which run made it',
    help: 'move it away, or allow overwriting',
  })

/** Names a part: `a/Patient.ndjson` and 2 give `a/Patient-00002.ndjson`. */
export const partName = (name: string, number: number): string =>
  name.replace(/(\.[^./]+(?:\.gz|\.zst)?)$/i, (ending) => `-${String(number).padStart(5, '0')}${ending}`)

type PartFacts = readonly [bytes: number, version: string, fingerprint?: string]

/** Makes one output of its parts. The version lists those of all parts, so that each can be found again. */
export function wholeOf(name: string, heads: readonly SinkHead[]): SinkHead {
  const fingerprint = heads[0]?.fingerprint
  const mark = heads[0]?.mark
  const isOneWork = heads.every((head) => head.fingerprint === fingerprint)
  const isOneHand = heads.every((head) => head.mark === mark)
  return {
    bytes: heads.reduce((sum, { bytes }) => sum + bytes, 0),
    version: JSON.stringify(heads.map(factsOf)),
    ...(fingerprint === undefined || !isOneWork ? {} : { fingerprint }),
    ...(mark === undefined || !isOneHand ? {} : { mark }),
    parts: heads.map(({ bytes, sha256 }, at) => ({
      name: partName(name, at + 1),
      bytes,
      ...(sha256 === undefined ? {} : { sha256 }),
    })),
  }
}

const factsOf = ({ bytes, version, fingerprint }: SinkHead): PartFacts =>
  fingerprint === undefined ? [bytes, version] : [bytes, version, fingerprint]

/** Returns the files of an output with their versions. */
export const filesOf = (name: string, head: SinkHead): readonly (SinkHead & { readonly name: string })[] =>
  head.parts === undefined
    ? [{ ...head, name }]
    : (partsOf(head) ?? []).map((part, at) => ({
        ...part,
        ...(head.parts?.[at]?.sha256 === undefined ? {} : { sha256: head.parts[at].sha256 }),
        name: partName(name, at + 1),
      }))

function partsOf({ version: all }: SinkHead): readonly SinkHead[] | undefined {
  try {
    return (JSON.parse(all) as PartFacts[]).map(([bytes, version, fingerprint]) => ({
      bytes,
      version,
      ...(fingerprint === undefined ? {} : { fingerprint }),
    }))
  } catch {
    return undefined
  }
}

/** Removes the parts after the first `kept`, last first, so that a crash leaves no gap that hides later ones. */
async function removeParts(sink: Sink, name: string, kept: number, seen: number): Promise<void> {
  for (let number = seen; number > kept; number -= 1) await sink.remove(partName(name, number))
}
