import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Source, SourceItem } from '../storage/store.js'
import type { Snapshot } from './catalog.js'
import { type Criteria, isBesideOthers, takesEverything, wantsType } from './criteria.js'
import { groupMembers } from './group.js'
import { patientKey } from './line-facts.js'
import { type ItemIndex, type LineRecord, linesOf } from './line-index.js'
import { RunReader, RunWriter, runsOf } from './ranges.js'
import { notFound } from './refusal.js'
import { passes, type SearchFilter } from './search.js'

/** Lines of one type of one item that become one file of the export; as JSON in the job's folder. */
export interface Selection {
  /** `Observation-3.ndjson` */
  readonly name: string
  readonly type: string
  readonly count: number
  readonly item: SourceItem
  readonly isGzip: boolean
  /** Of the lines, decompressed. */
  readonly bytes: number
  /** The file of byte runs, in the job's folder; absent where the whole item is taken as it is. */
  readonly runs?: string
  /** Of the runs. */
  readonly digest: string
}

export interface SelectOptions {
  readonly source: Source
  readonly snapshot: Snapshot
  readonly indexFolder: string
  /** Gets the files of byte runs. */
  readonly folder: string
  readonly criteria: Criteria
  /** Whether an item that is wanted as a whole may be handed out without a copy. */
  readonly mayHandOut: boolean
  /** A file with more bytes goes on in another one. */
  readonly maxFileBytes: number
  /** Decides which members of a group are active. */
  readonly nowMs: number
  readonly signal: AbortSignal
}

/** Selects by the index, and by content where a filter asks for it. Throws Refusal for an unknown group. */
export async function selectLines(options: SelectOptions): Promise<Selection[]> {
  const wanted = await patientsWanted(options)
  const selections: Selection[] = []
  let number = 0
  for (const index of options.snapshot.items) {
    options.signal.throwIfAborted()
    number += 1
    const types = index.types.filter(({ name }) => wantsType(options.criteria, name))
    if (types.length === 0) continue
    if (options.mayHandOut && isWhole(index, options.criteria)) selections.push(wholeItem(index, number))
    else selections.push(...(await selectFrom(options, index, { number, wanted })))
  }
  return selections
}

const filtersOf = ({ filters }: Criteria, type: string): SearchFilter[] =>
  filters.filter((filter) => filter.type === type)

function isWhole({ types, badLines, blankLines, isMarked }: ItemIndex, criteria: Criteria): boolean {
  const [{ name }] = types
  return (
    takesEverything(criteria) &&
    types.length === 1 &&
    badLines + blankLines === 0 &&
    !isMarked &&
    filtersOf(criteria, name).length === 0 &&
    !isBesideOthers(criteria, name)
  )
}

const wholeItem = (
  { item, isGzip, bytes, types: [{ name, count }] }: ItemIndex,
  number: number,
): Selection => ({
  name: `${name}-${number}.ndjson`,
  type: name,
  count,
  item,
  isGzip,
  bytes,
  digest: '',
})

/** Keys of the only patients; undefined for all. */
async function patientsWanted(options: SelectOptions): Promise<Set<bigint> | undefined> {
  const { level, patients } = options.criteria
  const listed = patients === undefined ? undefined : new Set(patients.map(patientKey))
  if (level.kind !== 'group') return listed
  const { source, snapshot, nowMs } = options
  const members = await groupMembers(source, snapshot, { id: level.id, nowMs })
  if (members === undefined) throw notFound('The Group was not found.')
  return listed === undefined ? members : new Set([...listed].filter((key) => members.has(key)))
}

interface Choice {
  readonly number: number
  readonly wanted: Set<bigint> | undefined
}

async function selectFrom(options: SelectOptions, index: ItemIndex, choice: Choice): Promise<Selection[]> {
  const { criteria, indexFolder, signal } = options
  const parts = index.types.map(({ name }) =>
    wantsType(criteria, name) ? new Parts(options, index, { type: name, number: choice.number }) : undefined,
  )
  const isWanted = lineTest(criteria, index, choice.wanted)
  const selected: Selection[] = []
  try {
    for await (const lines of linesOf(indexFolder, index)) {
      signal.throwIfAborted()
      for (const line of lines) {
        const part = parts[line.type]
        if (part === undefined || !isWanted(line)) continue
        if (part.isFull) await part.next()
        part.add(line)
      }
      for (const part of parts) await part?.flush()
    }
    for (const part of parts) if (part !== undefined) selected.push(...(await part.close()))
    return selected
  } finally {
    for (const part of parts) await part?.abort()
  }
}

/** Whether a line is wanted, as far as the index can tell. */
function lineTest(
  { level, sinceMs, untilMs }: Criteria,
  { types, groups }: ItemIndex,
  wanted: Set<bigint> | undefined,
): (line: LineRecord) => boolean {
  const groupType = types.findIndex(({ name }) => name === 'Group')
  const ownGroups = new Set(
    groups.filter(({ id }) => level.kind === 'group' && id === level.id).map(({ offset }) => offset),
  )
  // Without a time of its last update a resource is always exported: nobody knows that it is unchanged.
  const isInTime = ({ lastUpdatedMs }: LineRecord): boolean =>
    !(sinceMs !== undefined && lastUpdatedMs < sinceMs) &&
    !(untilMs !== undefined && lastUpdatedMs >= untilMs)
  const isOfPatients = ({ type, offset, patients, maybePatients }: LineRecord): boolean => {
    if (level.kind === 'group' && type === groupType && wanted !== undefined) return ownGroups.has(offset)
    if (wanted === undefined) return level.kind === 'system' || patients.length + maybePatients.length > 0
    // A resource that also names another patient would tell something of that one.
    if (!patients.every((key) => wanted.has(key))) return false
    if (type === groupType && !maybePatients.every((key) => wanted.has(key))) return false
    return patients.length > 0 || maybePatients.some((key) => wanted.has(key))
  }
  return (line) => isInTime(line) && isOfPatients(line)
}

/** The files that the lines of one type of one item become. */
class Parts {
  readonly #done: Selection[] = []
  readonly #test: ((line: Buffer) => boolean) | undefined
  #writer: RunWriter | undefined
  #runs = ''
  #count = 0
  #bytes = 0

  constructor(
    private readonly options: SelectOptions,
    private readonly index: ItemIndex,
    private readonly of: { readonly type: string; readonly number: number },
  ) {
    this.#test = contentTest(options.criteria, of.type)
  }

  readonly #waiting: LineRecord[] = []

  get isFull(): boolean {
    return this.#bytes >= this.options.maxFileBytes
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
    const { item, isGzip } = this.index
    const writer = this.#writer
    this.#writer = undefined
    if (writer !== undefined) {
      const digest = await writer.close()
      const selection = {
        name: this.#name(),
        type: this.of.type,
        count: this.#count,
        item,
        isGzip,
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

  /** Lets go of what is open. */
  async abort(): Promise<void> {
    const writer = this.#writer
    this.#writer = undefined
    await writer?.abort()
  }

  #name(): string {
    const { type, number } = this.of
    return this.#done.length === 0
      ? `${type}-${number}.ndjson`
      : `${type}-${number}-${this.#done.length + 1}.ndjson`
  }

  #open(): Promise<RunWriter> {
    this.#runs = `${this.#name()}.runs`
    return RunWriter.create(join(this.options.folder, this.#runs), { keepsLines: this.#test !== undefined })
  }

  /** Reads the lines and keeps those that pass. */
  async #filter(
    selection: Selection & { readonly runs: string },
    test: (line: Buffer) => boolean,
  ): Promise<Selection> {
    const { source, folder, signal } = this.options
    const all = join(folder, selection.runs)
    const runs = `${selection.name}.passed.runs`
    const writer = await RunWriter.create(join(folder, runs))
    let digest = ''
    const reader = new RunReader(source, selection.item, selection.isGzip, runsOf(all))
    let count = 0
    let bytes = 0
    try {
      for await (const run of runsOf(all)) {
        const line = Buffer.allocUnsafe(run.length)
        await reader.read(line)
        if (!test(line)) continue
        writer.add(run)
        count += 1
        bytes += run.length
        if (writer.pendingBytes > 32 * 1024) {
          signal.throwIfAborted()
          await writer.flush()
        }
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

/** What has to be read of a line to decide; undefined where the index decides alone. */
function contentTest(criteria: Criteria, type: string): ((line: Buffer) => boolean) | undefined {
  const filters = filtersOf(criteria, type)
  const { types = [] } = criteria
  const isBeside = isBesideOthers(criteria, type)
  if (filters.length === 0 && !isBeside) return undefined
  return (line) => {
    const resource = JSON.parse(line.toString('utf8')) as { target?: readonly { reference?: unknown }[] }
    return (filters.length === 0 || passes(resource, filters)) && (!isBeside || concerns(resource, types))
  }
}

/** Whether a Provenance is about a resource of these types; a URN does not tell. */
function concerns(
  { target }: { readonly target?: readonly { readonly reference?: unknown }[] },
  types: readonly string[],
): boolean {
  return (Array.isArray(target) ? target : []).some(({ reference }) => {
    if (typeof reference !== 'string') return false
    const [type] = reference
      .replace(/\/_history\/.*$/, '')
      .split('/')
      .slice(-2)
    return reference.startsWith('urn:') || types.includes(type)
  })
}
