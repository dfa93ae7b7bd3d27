import { countLines } from '../ndjson/line.js'
import { isDocumentName } from '../storage/names.js'
import type { Source } from '../storage/store.js'
import type { LinesTask } from '../workers/protocol.js'
import { rejectedLine, TOO_LONG } from '../workers/rejections.js'
import type { AnonymizedChunk } from './chunks/chunk-result.js'
import type { Chunk } from './chunks/chunks.js'
import { outputOf, type Part } from './chunks/dispatch.js'
import type { RunContext } from './context.js'

/** Makes tasks of an item's chunks. */
export class LineTasks {
  #record = 0

  constructor(
    private readonly run: Pick<
      RunContext,
      'spec' | 'limits' | 'gzip' | 'quarantineContent' | 'dispatch' | 'needsRecordNumbers'
    > & { readonly source: Pick<Source, 'folderName'> },
    private readonly item: string,
    linesBefore: number,
  ) {
    this.#record = linesBefore
  }

  /** To be called in the order of the chunks; the answers may come in any. */
  async anonymize(chunk: Chunk): Promise<AnonymizedChunk> {
    // All chunks wait for the same promise first, so that they count in their order.
    const countRecords = await this.run.needsRecordNumbers
    if (chunk.kind === 'too-long') return this.#tooLong(chunk)
    const { slab, start, end, offset } = chunk
    const firstRecord = this.#record
    const document = isDocumentName(this.item)
    if (countRecords) this.#record += document ? 1 : countLines(Buffer.from(slab.shared, start, end - start))
    const task: LinesTask = {
      kind: 'lines',
      slab: slab.shared,
      claim: slab.claim,
      start,
      end,
      roomBytes: slab.bytes.length - start,
      item: this.item,
      firstRecord,
      dateShiftPrefix: this.#dateShiftPrefix(),
      baseOffset: 0,
      document,
      maxLineBytes: this.run.limits.maxLineBytes,
      gzip: this.run.gzip,
      keepContent: this.run.quarantineContent,
    }
    const parts = await this.run.dispatch.run(task)
    return {
      offset,
      endOffset: offset + end - start,
      output: outputOf(parts, this.run.gzip),
      parts: parts.map((part: Part) => ({ offset: offset + part.task.start - start, result: part.result })),
    }
  }

  /** The scopes `file` and `folder` put a name before the key; the others have none. */
  #dateShiftPrefix(): string {
    const { dateShiftScope } = this.run.spec.parameters
    if (dateShiftScope === 'folder') return this.run.source.folderName
    return dateShiftScope === 'file' ? this.item.slice(this.item.lastIndexOf('/') + 1) : ''
  }

  #tooLong({ offset, endOffset, lengthBytes }: Chunk & { kind: 'too-long' }): AnonymizedChunk {
    this.#record += 1
    const result = rejectedLine(TOO_LONG, { lengthBytes })
    return { offset, endOffset, output: [], parts: [{ offset, result }] }
  }
}
