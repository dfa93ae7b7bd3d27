import { type ItemIndex, isDeletionName } from '../catalog/item-index.js'
import { linesOf } from '../catalog/line-records.js'
import { packingOf } from '../catalog/packing.js'
import { turns } from '../turns.js'
import { isBesideOthers, takesEverything, wantsType } from './criteria.js'
import { type LineTest, lineTests } from './line-test.js'
import type { Selection, SelectOptions } from './selection.js'
import { SelectionParts } from './selection-parts.js'

export interface Selected {
  readonly selections: readonly Selection[]
  /** Keys of the deletions that the client may learn of; undefined for all. */
  readonly deleted: ReadonlySet<bigint> | undefined
  /** Number of lines about the requested patients that also name others. */
  readonly withheld: number
  /** Number of group members that could not be read. */
  readonly badMembers: number
}

/** Selects lines by the index, and by content if a filter needs it. Throws Refusal for an unknown group. */
export async function selectLines(options: SelectOptions): Promise<Selected> {
  const test = await lineTests(options)
  const selections: Selection[] = []
  const work: Work = { test, deleted: new Set(), withheld: 0 }
  let number = 0
  for (const index of options.snapshot.items) {
    options.signal.throwIfAborted()
    number += 1
    const isWanted = index.types.some(({ name }) => wantsType(options.criteria, name))
    if (!isWanted || isDeletionName(index.item.name)) continue
    const only = options.mayHandOut ? onlyType(index, options) : undefined
    if (only !== undefined) selections.push(wholeItem(index, only, number))
    else selections.push(...(await selectFrom(options, index, { number, work })))
  }
  const { level, patients } = options.criteria
  const isForAll = level.kind === 'system' || (level.kind === 'patient' && patients === undefined)
  return {
    selections,
    deleted: isForAll ? undefined : work.deleted,
    withheld: work.withheld,
    badMembers: test.badMembers,
  }
}

interface Work {
  readonly test: LineTest
  readonly deleted: Set<bigint>
  withheld: number
}

type CountedType = ItemIndex['types'][number]

/** The type of an item that is selected as a whole. */
function onlyType(index: ItemIndex, { criteria, current }: SelectOptions): CountedType | undefined {
  const { badLines, blankLines, isMarked } = index
  const [only, ...others] = index.types
  const isWhole =
    takesEverything(criteria) &&
    others.length === 0 &&
    badLines + blankLines === 0 &&
    !isMarked &&
    current.isAllCurrent(index) &&
    !criteria.filters.some(({ type }) => type === only?.name) &&
    (only === undefined || !isBesideOthers(criteria, only.name))
  return isWhole ? only : undefined
}

const wholeItem = (index: ItemIndex, { name, count }: CountedType, number: number): Selection => ({
  name: `${name}-${number}.ndjson`,
  type: name,
  count,
  item: index.item,
  ...packingOf(index),
  bytes: index.bytes,
  digest: '',
})

interface Choice {
  readonly number: number
  readonly work: Work
}

async function selectFrom(
  options: SelectOptions,
  index: ItemIndex,
  { number, work }: Choice,
): Promise<Selection[]> {
  const { criteria, current, indexFolder, signal } = options
  const parts = index.types.map(({ name }) =>
    wantsType(criteria, name) ? new SelectionParts(options, index, { type: name, number }) : undefined,
  )
  const test = work.test.of(index)
  const selected: Selection[] = []
  const turn = turns(signal)
  let line = -1
  try {
    for await (const lines of linesOf(indexFolder, index)) {
      for (const record of lines) {
        line += 1
        const part = parts[record.type]
        if (part === undefined) continue
        if (!current.isCurrent(index, line)) {
          // A client learns of deletions only of resources that it would have received.
          if (current.deleted.has(record.own) && test(record, line) === 'yes') work.deleted.add(record.own)
          continue
        }
        if (!work.test.isInTime(record)) continue
        const verdict = test(record, line)
        if (verdict === 'withheld') work.withheld += 1
        if (verdict !== 'yes') continue
        if (part.isFull) await part.next()
        part.add(record)
      }
      await turn()
      for (const part of parts) await part?.flush()
    }
    for (const part of parts) if (part !== undefined) selected.push(...(await part.close()))
    return selected
  } finally {
    for (const part of parts) await part?.abort()
  }
}
