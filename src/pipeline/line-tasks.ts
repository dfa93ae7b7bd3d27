import { isDocumentName } from '../storage/names.js'
import type { Source } from '../storage/store.js'
import type { LinesTask } from '../workers/protocol.js'
import { rejectedLine, TOO_LONG } from '../workers/rejections.js'
import type { AnonymizedChunk } from './chunks/chunk-result.js'
import type { Chunk } from './chunks/chunks.js'
import { outputOf, type Part } from './chunks/dispatch.js'
import type { RunContext } from './context.js'

/** What all tasks of one item are told. */
export interface TaskOptions
  extends Pick<LinesTask, 'item' | 'document' | 'maxLineBytes' | 'compression' | 'keepContent'> {
  /** Each chunk is a part of one document: offsets in it are those of the document. */
  readonly areParts?: boolean
}

/** For the chunks of an item that is anonymized as it is. */
export const taskOptions = (
  {
    limits,
    compression,
    quarantineContent,
  }: Pick<RunContext, 'limits' | 'compression' | 'quarantineContent'>,
  item: string,
): TaskOptions => ({
  item,
  document: isDocumentName(item),
  maxLineBytes: limits.maxLineBytes,
  compression,
  keepContent: quarantineContent,
})

type TaskContext = Pick<RunContext, 'spec' | 'dispatch'> & {
  readonly source: Pick<Source, 'folderName'>
}

/** Makes tasks of an item's chunks and has workers do them. */
export class LineTasks {
  readonly #run: TaskContext
  readonly #options: TaskOptions

  constructor(run: TaskContext, options: TaskOptions) {
    this.#run = run
    this.#options = options
  }

  async anonymize(chunk: Chunk): Promise<AnonymizedChunk> {
    const { areParts = false, ...options } = this.#options
    if (chunk.kind === 'too-long') return this.#tooLong(chunk)
    const { slab, start, end, offset } = chunk
    const task: LinesTask = {
      ...options,
      kind: 'lines',
      slab: slab.shared,
      claim: slab.claim,
      start,
      end,
      roomBytes: slab.bytes.length - start,
      firstRecord: options.document ? 0 : offset,
      dateShiftPrefix: this.#dateShiftPrefix(),
      baseOffset: areParts ? offset : 0,
    }
    const parts = await this.#run.dispatch.run(task)
    return {
      offset,
      endOffset: offset + end - start,
      output: outputOf(parts, options.compression),
      parts: parts.map((part: Part) => ({ offset: offset + part.task.start - start, result: part.result })),
    }
  }

  /** Returns the name that the scopes `file` and `folder` put before the key; other scopes have none. */
  #dateShiftPrefix(): string {
    const { dateShiftScope } = this.#run.spec.parameters
    const { item } = this.#options
    if (dateShiftScope === 'folder') return this.#run.source.folderName
    return dateShiftScope === 'file' ? item.slice(item.lastIndexOf('/') + 1) : ''
  }

  #tooLong({ offset, endOffset, lengthBytes }: Chunk & { kind: 'too-long' }): AnonymizedChunk {
    const result = rejectedLine(TOO_LONG, { lengthBytes })
    return { offset, endOffset, output: [], parts: [{ offset, result }] }
  }
}
