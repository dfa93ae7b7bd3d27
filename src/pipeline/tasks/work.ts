import { inParallel } from '../parallel-work.js'
import { isPageDone, markPageDone, type PlanHeader, type PlanLine, readPage, type Unit } from './plan-file.js'
import type { JoinOptions, Task } from './task.js'
import { readUnitResult } from './unit-records.js'
import { type Taken, takeUnit, unitSink } from './unit-work.js'
import { ALIVE, watch } from './watch.js'

// While one unit ends, the next one is claimed and begun.
const UNITS_AT_ONCE = 2
// Tasks without a number begin at one of so many units by chance.
const STARTS = 64

/** What one task did. */
export interface TaskWork {
  readonly units: number
  /** Source bytes. */
  readonly bytes: number
  readonly lines: number
  readonly quarantined: number
  readonly failed: number
}

export interface WorkDone {
  readonly work: TaskWork
  /** Units that are not done, because others hold them or they belong to other shards. */
  readonly left: number
  /** Whether the plan was ended or replaced meanwhile. */
  readonly isGone: boolean
}

/** A unit that was not done when it was looked at. */
interface OpenUnit {
  readonly unit: Unit
  readonly isMine: boolean
}

/**
 * Does units of the plan until none is free. Then watches those that are held: it leaves each whose holder shows that it
 * is alive, and takes over the others.
 */
export async function workOn(task: Task, plan: PlanHeader): Promise<WorkDone> {
  const { options } = task
  const work = { units: 0, bytes: 0, lines: 0, quarantined: 0, failed: 0 }
  let isGone = false
  const take = async (unit: Unit, stale?: string): Promise<Taken['kind']> => {
    if (isGone) return 'gone'
    task.parts.shared.checkStopped()
    const taken = await takeUnit(task, plan, unit, stale)
    if (taken.kind === 'gone') isGone = true
    if (taken.kind === 'did') {
      work.units += 1
      work.bytes += unit.bytes
      work.failed += taken.result.failed.length
      for (const { totals } of taken.result.records) {
        work.lines += totals.lines
        work.quarantined += totals.quarantined
      }
    }
    return taken.kind
  }

  const open: OpenUnit[] = []
  let number = 0
  for (const page of plan.pages) {
    if (isGone) break
    const first = number
    number += page.units
    if (page.units === 0 || (await isPageDone(options.sink.state, page))) continue
    const units = unitsIn(await readPage(options.sink.state, page)).map((unit, at) => ({
      unit,
      isMine: isOfShard(options, first + at),
    }))
    const left = await inTurn(rotated(units, options), async (each) => {
      if (each.isMine) return (await take(each.unit)) !== 'held'
      return (await resultOf(options, each.unit)) !== undefined
    })
    if (left.length === 0 && !isGone) await markPageDone(options.sink.state, page)
    open.push(...left)
  }
  const watched = await watch(options, isGone ? [] : open)
  const left = await inTurn(watched, async ({ unit, isMine, stale }) => {
    if (isMine && stale !== ALIVE) await take(unit, stale)
    return (await resultOf(options, unit)) !== undefined
  })
  return { work, left: left.length, isGone }
}

/** Does something with each, some at once; returns those of which it is not true afterwards. */
async function inTurn<T>(all: readonly T[], isDone: (each: T) => Promise<boolean>): Promise<T[]> {
  const left: T[] = []
  await inParallel(all, UNITS_AT_ONCE, async (each) => {
    if (!(await isDone(each))) left.push(each)
  })
  return left
}

const unitsIn = (lines: readonly PlanLine[]): readonly Unit[] =>
  lines.flatMap((line) => ('unit' in line ? [line.unit] : []))

const isOfShard = ({ shard }: JoinOptions, number: number): boolean =>
  shard === undefined || number % shard.count === shard.index

/** Lets tasks begin at different units, so that they seldom try to claim the same one. */
function rotated<T>(all: readonly T[], { taskIndex }: JoinOptions): readonly T[] {
  const start = (taskIndex ?? Math.floor(Math.random() * STARTS)) % Math.max(1, all.length)
  return [...all.slice(start), ...all.slice(0, start)]
}

const resultOf = ({ sink }: JoinOptions, unit: Unit) => readUnitResult(unitSink(sink, unit).state)
