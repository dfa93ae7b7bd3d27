import { createHash } from 'node:crypto'
import { type CompressionOptions, compressionOf, outputName } from '../compression/compression.js'
import { sluiceError } from '../errors.js'
import { isOwnName } from '../published/names.js'
import { nameFault } from '../storage/names.js'
import { isMixOf } from '../storage/split.js'
import type { Sink, SinkHead, Source, SourceItem, State, StoreEvent } from '../storage/store.js'
import { type DoneRecord, journalName } from './checkpoint/done-record.js'
import { readJournal } from './checkpoint/journal.js'
import { isSameOutput, type KnownOutput } from './checkpoint/recognition.js'
import { type Records, sealedHeads } from './checkpoint/records.js'
import { removeOtherForm } from './output-files.js'
import { NO_COUNTS } from './report/item-counts.js'

/** An item and its output. */
export interface ItemWork {
  readonly item: SourceItem
  readonly output: string
  /** Digest of everything that decides the output's bytes. */
  readonly fingerprint: string
  /** Mark of ownership; remote sinks keep it with the output. */
  readonly mark?: string
  /** Location of the item. */
  readonly place: string
  /** Key of this run (`run-facts.ts`). */
  readonly run: string
  /** Output that an earlier run made of this item. */
  readonly before?: SinkHead | null
  /** Only the lines that begin in it, in bytes of the item; both are multiples of the chunk size. */
  readonly range?: { readonly from: number; readonly until: number }
}

/** An item and the name of its output. */
export type ListedItem = Pick<ItemWork, 'item' | 'output'>

/**
 * Lists every item with its output's name, sorted by name; one with an unusable name is marked. Throws NAME_COLLISION for two items with one output,
 * USAGE for an output that would lie in the input or replace it, and what listing throws.
 */
export async function listWork(
  { source, sink, ...options }: { readonly source: Source; readonly sink: Sink } & CompressionOptions,
  report: (event: StoreEvent) => void,
): Promise<ListedItem[]> {
  const compression = compressionOf(options)
  const found: { item: SourceItem; output: string }[] = []
  const takenBy = new Map<string, string>()
  for await (const item of source.list(report)) {
    const unreadable = item.unreadable ?? nameFault(item.name)
    if (unreadable !== undefined) {
      // This item fails on its own, so its output's name does not matter.
      found.push({ item: { ...item, unreadable }, output: item.name })
      continue
    }
    const output = outputName(item.name, compression)
    const other = takenBy.get(output)
    if (other !== undefined)
      throw sluiceError('NAME_COLLISION', {
        at: output,
        message: `${other} and ${item.name} would both become ${output}`,
      })
    const unwritable = sink.nameFault?.(output)
    if (unwritable !== undefined) {
      found.push({ item: { ...item, unreadable: unwritable }, output })
      continue
    }
    if (item.bytes > (sink.maxOutputBytes ?? Number.POSITIVE_INFINITY)) throw tooLarge(item, sink)
    takenBy.set(output, item.name)
    found.push({ item, output })
  }
  refuseNested(takenBy)
  await refuseOverlap(source, sink, takenBy)
  return found
}

/** Throws NAME_COLLISION if another output, or a report, needs this output's name as a folder. */
function refuseNested(takenBy: ReadonlyMap<string, string>): void {
  const checked = new Set<string>()
  for (const [output, item] of takenBy)
    for (let end = output.indexOf('/'); end >= 0; end = output.indexOf('/', end + 1)) {
      const folder = output.slice(0, end)
      if (checked.has(folder)) continue
      checked.add(folder)
      const other =
        takenBy.get(folder) ?? (end === output.indexOf('/') && isOwnName(folder) ? folder : undefined)
      if (other === undefined) continue
      throw sluiceError('NAME_COLLISION', {
        at: output,
        message: `${item} needs a folder ${folder}, which is the name of an output`,
      })
    }
}

const tooLarge = ({ name, bytes }: SourceItem, { maxOutputBytes = 0 }: Sink) =>
  sluiceError('USAGE', {
    at: name,
    message: `its ${bytes} bytes are more than one output can hold here (${maxOutputBytes})`,
    help: 'split it with --split-bytes, or give a larger --memory-budget',
  })

/** Checks that a folder is not read and written at once; a single file must only not be its own output. */
async function refuseOverlap(
  source: Source,
  sink: Sink,
  outputs: ReadonlyMap<string, string>,
): Promise<void> {
  for (const from of await source.localPaths())
    for (const to of await sink.localPaths()) {
      const inside = to === from || to.startsWith(`${from}/`)
      const itself = [...outputs.keys()].some((output) => `${to}/${output}` === from)
      if (inside || itself)
        throw sluiceError('USAGE', {
          at: to,
          message: 'the output lies in the input',
          help: 'choose another output',
        })
    }
}

export type Surveyed =
  | { readonly kind: 'work'; readonly before?: SinkHead | null | undefined; readonly isRecognized?: true }
  | { readonly kind: 'finished'; readonly record: DoneRecord; readonly isRecognized?: true }
  | { readonly kind: 'skipped'; readonly record: DoneRecord | undefined }
  | { readonly kind: 'conflict' }

/** Decides what to do for an item, given what exists under its output's name. */
export async function survey(
  work: ItemWork,
  sink: Sink,
  {
    overwrite = false,
    skipExisting = false,
    reported,
    records,
  }: {
    readonly overwrite?: boolean
    readonly skipExisting?: boolean
    /** Outputs of earlier runs, to recognize one that has no other proof of ownership. */
    readonly reported: () => Promise<ReadonlyMap<string, readonly KnownOutput[]>>
    readonly records: Records
  },
): Promise<Surveyed> {
  const there = await sink.head(work.output)
  const record = await records.done(work.output)
  const untouched = record !== undefined && (record.head?.version ?? null) === (there?.version ?? null)
  if (untouched && record.fingerprint === work.fingerprint) return { kind: 'finished', record }
  const before = record?.head
  if (there === undefined) return { kind: 'work', before }
  const output = { name: work.output, there }
  // The output was copied, restored or touched since.
  if (record?.fingerprint === work.fingerprint && (await isSameOutput(sink, output, record.head))) {
    const renewed = { ...record, head: { ...record.head, ...there, parts: record.head?.parts } }
    await records.write(renewed)
    return { kind: 'finished', record: renewed, isRecognized: true }
  }
  if (skipExisting) return { kind: 'skipped', record: untouched ? record : undefined }
  if (untouched || overwrite) return { kind: 'work', before }
  // The output was committed, but its done record was not written.
  if (there.fingerprint === work.fingerprint) return { kind: 'work', before }
  if (work.mark !== undefined && there.mark === work.mark) return { kind: 'work', before }
  const sealed = [...sealedHeads(records, work.output), ...(await sealedBefore(sink.state, work.output))]
  const isOurs =
    sealed.some(({ version }) => version === there.version) ||
    isMixOf(there, work.fingerprint, [...sealed, record?.head])
  const isRecognized = !isOurs && (await isKnown(sink, output, [record?.head], reported))
  if (!isOurs && !isRecognized) return { kind: 'conflict' }
  // The proof of ownership is about to be replaced by other work.
  await removeOtherForm(sink, work.output, { before, now: there })
  await records.write(unfinished(work, there))
  return isRecognized ? { kind: 'work', isRecognized } : { kind: 'work' }
}

async function isKnown(
  sink: Sink,
  output: { readonly name: string; readonly there: SinkHead },
  heads: readonly (KnownOutput | null | undefined)[],
  reported: () => Promise<ReadonlyMap<string, readonly KnownOutput[]>>,
): Promise<boolean> {
  for (const known of [...heads, ...((await reported()).get(output.name) ?? [])])
    if (await isSameOutput(sink, output, known)) return true
  return false
}

/** Outputs that earlier runs were about to commit, including those of earlier epochs. */
export async function sealedBefore(state: State, output: string): Promise<readonly SinkHead[]> {
  const { id, earlier } = state.epoch()
  const heads: SinkHead[] = []
  for (const epoch of [id, ...earlier]) {
    const head = (await readJournal(state, journalName(output, epoch)))?.checkpoint.sealed
    if (head !== undefined) heads.push(head)
  }
  return heads
}

/** Records that the existing output was made by Sluice, by whatever run, without marking anything as finished. */
export function unfinished(
  { item: { name, bytes, version }, output, place }: ItemWork,
  head: SinkHead,
): DoneRecord {
  const source = { name, bytes, version }
  return { done: 1, output, fingerprint: '', head, source, place, totals: NO_COUNTS }
}

export const conflictError = ([output = '', ...others]: readonly string[]) =>
  sluiceError('SINK_CONFLICT', {
    at: output,
    message: `${others.length === 0 ? 'the output is' : `this output and ${others.length} more are`} already there, and Sluice did not make it or it was changed since`,
    help: 'move away what is there, choose another output, or allow overwriting',
  })

export const hashOf = (...parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex')
