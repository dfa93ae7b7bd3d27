import { sluiceError } from '../errors.js'
import { isBlank } from '../ndjson/line.js'
import type { ItemLine, ItemLines } from '../pipeline/item-lines.js'
import { isObject, type Json, type JsonObject } from './align.js'
import type { RejectedLines } from './rejected-lines.js'

/** A raw resource with what became of it. */
export interface LinePair {
  /** Number of the line in the raw item, from 1, blank lines counted. */
  readonly line: number
  readonly before: JsonObject
  readonly after: JsonObject
  readonly beforeBytes: number
  readonly afterBytes: number
}

/** Lines of raw items that have no pair. */
export interface UnpairedLines {
  blank: number
  quarantined: number
  /** Longer than what is compared. */
  tooLong: number
  /** Not JSON objects, where no quarantine says that they were rejected. */
  unreadable: number
}

export interface PairableItem {
  readonly name: string
  readonly before: ItemLines
  readonly after: ItemLines
  readonly unpaired: UnpairedLines
}

/**
 * Pairs lines by position: what is neither blank nor quarantined is in the output in the same order. Throws
 * PAIR_MISMATCH as soon as the two sides cannot be of one run.
 */
export async function* pairsByPlace(
  item: PairableItem,
  rejected: RejectedLines | undefined,
): AsyncGenerator<LinePair> {
  const { before, after, unpaired } = item
  for (let line = await before.next(); line !== undefined; line = await before.next()) {
    if (isBlankLine(line)) {
      unpaired.blank += 1
      continue
    }
    const place = rejected?.current
    if (place?.line === line.number) {
      if (place.offset !== line.offset)
        throw unlike(item, line.number, 'the quarantine has it at another byte')
      unpaired.quarantined += 1
      await rejected?.advance()
      continue
    }
    const other = await nextLine(after)
    if (other === undefined) throw unlike(item, line.number, 'the output ends before it')
    const old = resourceOf(line)
    const fresh = resourceOf(other)
    if (old === 'too-long' || fresh === 'too-long') unpaired.tooLong += 1
    else if (old === undefined || fresh === undefined) throw unlike(item, line.number, 'it is not a resource')
    else if (old.resourceType !== fresh.resourceType)
      throw unlike(item, line.number, 'the output has a resource of another type there')
    else yield pairOf([line, old], [other, fresh])
  }
  if ((await nextLine(after)) !== undefined || rejected?.current !== undefined)
    throw unlike(item, undefined, 'the output or its quarantine has more lines')
}

/**
 * Without a quarantine: the lines that are resources, in order. Throws PAIR_MISMATCH where their types differ or one
 * side has more of them: which ones were rejected cannot be told then.
 */
export async function* pairsByOrder(item: PairableItem): AsyncGenerator<LinePair> {
  const { before, after, unpaired } = item
  for (let line = await before.next(); line !== undefined; line = await before.next()) {
    if (isBlankLine(line)) {
      unpaired.blank += 1
      continue
    }
    const old = resourceOf(line)
    if (old === undefined || old === 'too-long') {
      unpaired[old === undefined ? 'unreadable' : 'tooLong'] += 1
      continue
    }
    const other = await nextLine(after)
    const fresh = other === undefined ? undefined : resourceOf(other)
    if (other === undefined || !isObject(fresh) || fresh.resourceType !== old.resourceType)
      throw uncertain(item, line.number)
    yield pairOf([line, old], [other, fresh])
  }
  if ((await nextLine(after)) !== undefined) throw uncertain(item, undefined)
}

const pairOf = (
  [line, before]: readonly [ItemLine, JsonObject],
  [other, after]: readonly [ItemLine, JsonObject],
): LinePair => ({
  line: line.number,
  before,
  after,
  beforeBytes: line.lengthBytes,
  afterBytes: other.lengthBytes,
})

const isBlankLine = ({ bytes }: ItemLine): boolean => bytes !== undefined && isBlank(bytes)

async function nextLine(lines: ItemLines): Promise<ItemLine | undefined> {
  for (;;) {
    const line = await lines.next()
    if (line === undefined || !isBlankLine(line)) return line
  }
}

/** Parses a resource; undefined for anything else. */
function resourceOf({ bytes }: ItemLine): JsonObject | 'too-long' | undefined {
  if (bytes === undefined) return 'too-long'
  try {
    const value = JSON.parse(bytes.toString('utf8')) as Json
    return isObject(value) && typeof value.resourceType === 'string' ? value : undefined
  } catch {
    return undefined
  }
}

const unlike = ({ name }: PairableItem, line: number | undefined, why: string) =>
  sluiceError('PAIR_MISMATCH', {
    at: name,
    message: `${line === undefined ? 'it' : `line ${line}`} does not fit the output: ${why}; one of the two has changed, or they belong to different runs`,
  })

const uncertain = ({ name }: PairableItem, line: number | undefined) =>
  sluiceError('PAIR_MISMATCH', {
    at: name,
    message: `${line === undefined ? 'the output has more lines' : `from line ${line} on the output has other lines`}, and only the run's state says which were quarantined`,
    help: 'give the place of the state with --state',
  })
