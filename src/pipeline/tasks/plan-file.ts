import { createHash } from 'node:crypto'
import { sluiceError } from '../../errors.js'
import { parseJson } from '../../json/parse.js'
import { textLines } from '../../ndjson/text-lines.js'
import type { Sink, State } from '../../storage/store.js'
import type { ItemWork } from '../item-list.js'
import type { ListedSource } from '../lifecycle/left-out.js'
import type { ItemFailure } from '../report/report.js'

/** What one task takes at once: items, or one range of a large item. */
export interface Unit {
  /** Digest of its work, in 32 hex digits: equal work has an equal id in every plan. */
  readonly id: string
  /** Source bytes. */
  readonly bytes: number
  readonly work: readonly ItemWork[]
  /** For a range: the whole item, and the number of this part of its output, from 1. */
  readonly part?: { readonly of: string; readonly number: number }
}

/** A line of the plan. */
export type PlanLine =
  | { readonly unit: Unit }
  /** An item whose output is cut into parts; its units follow from it. */
  | { readonly divided: ItemWork; readonly parts: number }
  /** An item that an earlier run finished. */
  | { readonly finished: PlannedName }
  /** An item whose output existed and was to be skipped; `isOurs` if Sluice made it. */
  | { readonly skipped: PlannedName; readonly isOurs: boolean }

export interface PlannedName {
  readonly item: string
  readonly output: string
}

/** What every task must be told alike, each as a digest or as it is. */
export interface SharedOptions {
  readonly configuration: string
  readonly compression: string
  readonly quarantineContent: boolean
  readonly maxQuarantined: string
  readonly rangeBytes: number
  readonly folderName: string
}

export interface PlanHeader {
  readonly plan: 1
  /** Made at random. */
  readonly id: string
  /** Runs that belong to it, by the names they were given; the last one is the newest. */
  readonly runIds: readonly string[]
  readonly startedAt: string
  readonly shared: SharedOptions
  readonly chunkBytes: number
  readonly maxLineBytes: number
  /** Of everything that decides the bytes, without the items. */
  readonly fingerprint: string
  /** Key of the run (`run-facts.ts`). */
  readonly run: string
  /** Real path or address of the source. */
  readonly place: string
  /** Digest of all items with their versions and outputs. */
  readonly listing: string
  readonly counts: PlanCounts
  readonly leftOut: ListedSource['leftOut']
  /** Items that can only fail. */
  readonly failed: readonly ItemFailure[]
  readonly pages: readonly PageFacts[]
  /** Whether it is about to be replaced: no unit of it may be begun. */
  readonly isClosing?: true
  readonly ended?: PlanEnd
}

export interface PlanCounts {
  readonly items: number
  readonly units: number
  /** Source bytes of all units. */
  readonly bytes: number
  /** Source bytes of all items. */
  readonly bytesListed: number
  readonly finishedBefore: number
  readonly skipped: number
}

interface PageFacts {
  readonly name: string
  readonly units: number
  readonly sha256: string
}

export interface PlanEnd {
  readonly at: string
  /** Number of items that failed: the run is not complete. */
  readonly failed: number
}

const NAME = 'plan.json'

// Each page is held as a whole, and is marked once all of it is done.
const LINES_PER_PAGE = 128
const MAX_PAGE_LENGTH = 2 ** 20

/** Reads the plan; undefined if there is none. Throws STATE_UNREADABLE for one that is damaged. */
export async function readPlan(state: Pick<State, 'read' | 'place'>): Promise<PlanHeader | undefined> {
  const text = await state.read(NAME)
  if (text === undefined) return undefined
  const header = parseJson(text) as Partial<PlanHeader> | null | undefined
  if (header?.plan === 1 && typeof header.id === 'string' && Array.isArray(header.pages))
    return header as PlanHeader
  throw damaged(`${state.place}/${NAME}`)
}

/**
 * Leaves no plan of an earlier run where a run on one machine begins. Needs the lock. Throws SINK_LOCKED for one that is
 * not ended: its tasks may be at work.
 */
export async function leavePlan({ state, place }: Pick<Sink, 'state' | 'place'>): Promise<void> {
  const plan = await readPlan(state)
  if (plan === undefined) return
  if (plan.ended === undefined)
    throw sluiceError('SINK_LOCKED', {
      at: place,
      message: 'a run of several tasks is not finished here',
      help: 'continue it with --join, or drop it with `sluice finish --abandon`',
    })
  await removePlan(state)
}

/** Writes the header, with which the plan begins to count. */
export const writePlan = (state: State, header: PlanHeader): Promise<void> =>
  state.write(NAME, `${JSON.stringify(header)}\n`)

export const removePlan = (state: State): Promise<void> => state.remove(NAME)

/**
 * Writes the lines of a plan in pages, beside those of the plan that it replaces. Pages without a header are nothing, and
 * are written over.
 */
export async function writePages(
  state: State,
  old: PlanHeader | undefined,
  lines: Iterable<PlanLine>,
): Promise<readonly PageFacts[]> {
  const pages: PageFacts[] = []
  const series = old?.pages[0]?.name.startsWith('plan/a') === true ? 'b' : 'a'
  let texts: string[] = []
  let length = 0
  let units = 0
  const flush = async (): Promise<void> => {
    if (texts.length === 0) return
    const name = `plan/${series}${pages.length + 1}.ndjson`
    await state.remove(doneMark(name))
    const text = texts.join('')
    await state.write(name, text)
    pages.push({ name, units, sha256: digestOf(text) })
    texts = []
    length = 0
    units = 0
  }
  for (const line of lines) {
    const text = `${JSON.stringify(line)}\n`
    texts.push(text)
    length += text.length
    if ('unit' in line) units += 1
    if (texts.length >= LINES_PER_PAGE || length >= MAX_PAGE_LENGTH) await flush()
  }
  await flush()
  return pages
}

/** Reads the lines of one page. Throws STATE_UNREADABLE if they are not those that were written. */
export async function readPage(
  state: Pick<State, 'read' | 'place'>,
  { name, sha256 }: PageFacts,
): Promise<readonly PlanLine[]> {
  const text = (await state.read(name)) ?? ''
  if (digestOf(text) !== sha256) throw damaged(`${state.place}/${name}`)
  return Array.from(textLines(text), (line) => parseJson(line.text) as PlanLine)
}

/** Yields all lines, page by page. */
export async function* planLines(state: State, { pages }: PlanHeader): AsyncIterable<PlanLine> {
  for (const page of pages) yield* await readPage(state, page)
}

export async function removePages(state: State, { pages }: PlanHeader): Promise<void> {
  for (const { name } of pages) {
    await state.remove(name)
    await state.remove(doneMark(name))
  }
}

const doneMark = (page: string): string => page.replace(/ndjson$/, 'done')

/** Whether a task saw that every unit of the page is done, so that others need not ask for each. */
export const isPageDone = async (state: State, { name }: PageFacts): Promise<boolean> =>
  (await state.read(doneMark(name))) !== undefined

export const markPageDone = (state: State, { name }: PageFacts): Promise<void> =>
  state.write(doneMark(name), '')

/** Has every unit asked for again. */
export async function unmarkPages(state: State, { pages }: PlanHeader): Promise<void> {
  for (const { name } of pages) await state.remove(doneMark(name))
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')

const damaged = (at: string) =>
  sluiceError('STATE_UNREADABLE', {
    at,
    message: 'the plan of the run is damaged',
    help: `restore it, or remove ${NAME} of the state and move the outputs away, then run it again`,
  })
