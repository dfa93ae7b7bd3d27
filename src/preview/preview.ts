import type { LineTrace } from '../anonymizer/interpreter/trace.js'
import { createLineAnonymizer } from '../anonymizer/line-anonymizer.js'
import type { AnonymizerSpec, LineContext } from '../anonymizer/spec.js'
import { sluiceError } from '../errors.js'
import { type ElementTree, elementTree } from '../fhir/elements.js'
import { findStringMember, JsonError } from '../json/scanner.js'
import { isBlank } from '../ndjson/line.js'
import { ItemLines } from '../pipeline/item-lines.js'
import { isDocumentName } from '../storage/names.js'
import type { Source, SourceItem } from '../storage/store.js'
import { Sample, type SampledLine } from './sample.js'

export interface PreviewOptions {
  readonly source: Source
  readonly spec: AnonymizerSpec
  /** Only lines that are resources of this type. */
  readonly type?: string | undefined
  readonly linesOfAType: number
  readonly seed: number
  /** How many bytes of lines to read, decompressed, shared out among the items. */
  readonly maxBytes: number
  readonly signal?: AbortSignal
}

/** A line before and after. */
export interface PreviewedLine {
  readonly item: string
  /** From 1, blank lines counted. */
  readonly line: number
  readonly trace: LineTrace
}

export interface PreviewedType {
  /** A resource type of the FHIR version, `(unknown type)` or `(not JSON)`. */
  readonly type: string
  /** Lines of this type that were read. */
  readonly lines: number
  readonly shown: readonly PreviewedLine[]
}

export interface Preview {
  readonly types: readonly PreviewedType[]
  readonly read: {
    readonly items: number
    readonly lines: number
    readonly bytes: number
    /** Whether every line was read; otherwise `maxBytes` ended it. */
    readonly isWhole: boolean
    /** Lines that are too long to be shown. */
    readonly tooLong: number
  }
}

/** Bundles are this long, at most; longer lines are counted, not shown. */
const MAX_LINE_BYTES = 8 * 2 ** 20

/**
 * Chooses some lines of each type and has the interpreter anonymize them with a trace. Writes nothing. Throws what the
 * source throws, CONFIG_INVALID for a custom method that cannot be loaded, INTERRUPTED.
 */
export async function previewSource(options: PreviewOptions): Promise<Preview> {
  const anonymizer = await createLineAnonymizer(options.spec)
  const reading = new Reading(options)
  const items = await itemsOf(options.source)
  for (const [at, item] of items.entries()) await reading.item(item, items.length - at)
  const types = reading.sample.types().map(({ type, seen, chosen }) => ({
    type,
    lines: seen,
    shown: chosen.map(({ bytes, ...line }) => ({
      item: line.item,
      line: line.line,
      trace: anonymizer.trace(bytes, contextOf(options, line)),
    })),
  }))
  return { types, read: { items: items.length, ...reading.counts } }
}

/** Small items first: what they leave of their shares goes to the large ones. */
async function itemsOf(source: Source): Promise<readonly SourceItem[]> {
  const items: SourceItem[] = []
  for await (const item of source.list(() => undefined)) if (item.unreadable === undefined) items.push(item)
  return items.sort((a, b) => a.bytes - b.bytes)
}

/** Reads lines into a sample until its share of the bytes is used up. */
class Reading {
  readonly counts = { lines: 0, bytes: 0, isWhole: true, tooLong: 0 }
  readonly sample: Sample
  readonly #options: PreviewOptions
  readonly #elements: ElementTree

  constructor(options: PreviewOptions) {
    this.#options = options
    this.#elements = elementTree(options.spec.fhirVersion)
    this.sample = new Sample(options)
  }

  /** `itemsLeft` counts this item: what it leaves of its share goes to those after it. */
  async item(item: SourceItem, itemsLeft: number): Promise<void> {
    const { source, maxBytes } = this.#options
    const { counts } = this
    const share = Math.max(1, (maxBytes - counts.bytes) / itemsLeft)
    const lines = new ItemLines(source, [item], MAX_LINE_BYTES)
    const before = counts.bytes
    try {
      for (let line = await lines.next(); line !== undefined; line = await lines.next()) {
        this.#checkInterrupted()
        if (counts.bytes - before >= share) {
          counts.isWhole = false
          return
        }
        counts.lines += 1
        counts.bytes += line.lengthBytes + 1
        if (line.bytes === undefined) counts.tooLong += 1
        else if (!isBlank(line.bytes)) {
          const { number, offset, bytes } = line
          this.#line({ item: item.name, line: number, offset, bytes })
        }
      }
    } finally {
      await lines.close()
    }
  }

  #line(line: SampledLine): void {
    const type = this.#typeOf(line.bytes)
    const { type: wanted } = this.#options
    if (wanted === undefined || wanted === type) this.sample.add(type, line)
  }

  /** A type that the FHIR version does not know may be a patient's name in the wrong place. */
  #typeOf(bytes: Buffer): string {
    try {
      const start = bytes.indexOf(0x7b)
      if (start < 0) return '(not JSON)'
      const found = findStringMember(bytes, start, bytes.length, 'resourceType')
      return found !== undefined && this.#elements.resources.has(found.text) ? found.text : '(unknown type)'
    } catch (error) {
      if (error instanceof JsonError) return '(not JSON)'
      throw error
    }
  }

  #checkInterrupted(): void {
    if (this.#options.signal?.aborted !== true) return
    throw sluiceError('INTERRUPTED', { message: 'interrupted; nothing was written', help: 'run it again' })
  }
}

/** As a run would have it. */
function contextOf(
  { spec, source }: PreviewOptions,
  { item, offset }: Pick<SampledLine, 'item' | 'offset'>,
): LineContext {
  const { dateShiftScope } = spec.parameters
  const prefixes = { folder: source.folderName, file: item.slice(item.lastIndexOf('/') + 1) }
  const dateShiftPrefix =
    dateShiftScope === 'folder' || dateShiftScope === 'file' ? prefixes[dateShiftScope] : ''
  return { item, record: isDocumentName(item) ? 0 : offset, baseOffset: 0, dateShiftPrefix }
}
