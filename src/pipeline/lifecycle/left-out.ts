import { sluiceError } from '../../errors.js'
import { LEFT_OUT, type LeftOutReason, type State, type StoreEvent } from '../../storage/store.js'
import { type ListedItem, listWork } from '../item-list.js'
import type { RunOptions } from '../options.js'

/** Contents of a source: its items, and the number of other files. */
export interface ListedSource {
  readonly listed: readonly ListedItem[]
  readonly leftOut: Readonly<Partial<Record<LeftOutReason, number>>>
  /** Their names, up to a limit. */
  readonly names: readonly LeftOutName[]
}

interface LeftOutName {
  readonly name: string
  readonly reason: LeftOutReason
}

/** File of the names in the state; names may be those of patients. */
export const LEFT_OUT_NAME = 'left-out.ndjson'
const MAX_NAMES = 10_000

/**
 * Lists the source. Throws SOURCE_NOT_FOUND if there is nothing to do, unless `allowEmpty`, and what `listWork`
 * throws.
 */
export async function listSource(options: RunOptions): Promise<ListedSource> {
  const { source, allowEmpty = true, onEvent = () => {} } = options
  const leftOut: Partial<Record<LeftOutReason, number>> = {}
  const names: LeftOutName[] = []
  const listed = await listWork(options, (event: StoreEvent) => {
    const { leftOut: reason, item } = event
    onEvent({ level: reason !== undefined && LEFT_OUT[reason].isUsual ? 'info' : 'warn', ...event })
    if (reason === undefined) return
    leftOut[reason] = (leftOut[reason] ?? 0) + 1
    if (names.length < MAX_NAMES) names.push({ name: item, reason })
  })
  if (listed.length === 0 && !allowEmpty) throw nothingToDo(source.place, leftOut)
  return { listed, leftOut, names }
}

/** Writes the list of files that were not read, or removes an earlier one. */
export async function keepLeftOut(state: State, { names }: Pick<ListedSource, 'names'>): Promise<void> {
  if (names.length > 0)
    await state.write(LEFT_OUT_NAME, names.map((each) => `${JSON.stringify(each)}\n`).join(''))
  else if ((await state.bytesOf(LEFT_OUT_NAME)) !== undefined) await state.remove(LEFT_OUT_NAME)
}

/** Makes `2 with another ending, 1 hidden`; empty if nothing was left out. */
export const leftOutText = (leftOut: ListedSource['leftOut']): string =>
  Object.entries(leftOut)
    .map(([reason, count]) => `${count} ${SHORT[reason as LeftOutReason]}`)
    .join(', ')

const SHORT: Readonly<Record<LeftOutReason, string>> = {
  'unknown-ending': 'with another ending',
  hidden: 'hidden',
  'own-name': 'named like a report of Sluice',
  'link-to-folder': 'links to folders',
  'not-a-file': 'that are not regular files',
  archived: 'in the archive tier',
}

function nothingToDo(at: string, leftOut: ListedSource['leftOut']) {
  const others = leftOutText(leftOut)
  return sluiceError('SOURCE_NOT_FOUND', {
    at,
    message: `holds no .ndjson, .jsonl, .xndjson or .json file${others === '' ? '' : ` (left out: ${others})`}`,
    help: 'check the address; if nothing is expected there, give --allow-empty',
  })
}
