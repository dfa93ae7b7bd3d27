import type { Sink } from '../../storage/store.js'
import { inParallel } from '../parallel-work.js'
import { unitBatches } from './old-plan.js'
import { type PlanEnd, type PlanHeader, readPlan } from './plan-file.js'
import { readUnitResult } from './unit-records.js'
import { unitSink } from './unit-work.js'

const AT_ONCE = 32

/** How far a run of several tasks is. */
export interface RunStatus {
  readonly runId: string
  readonly startedAt: string
  readonly ended?: PlanEnd
  readonly items: number
  readonly units: {
    readonly all: number
    readonly done: number
    readonly held: number
    readonly free: number
  }
  /** Source bytes. */
  readonly bytes: { readonly all: number; readonly done: number }
  readonly lines: number
  readonly quarantined: number
  readonly failed: number
  readonly holders: readonly UnitHolder[]
}

export interface UnitHolder {
  readonly unit: string
  readonly host: string
  readonly pid?: number
}

/** Reads how far a run is, without any lock; undefined if no run of several tasks was started there. */
export async function runStatus(sink: Sink): Promise<RunStatus | undefined> {
  const plan = await readPlan(sink.state)
  if (plan === undefined) return undefined
  const { runIds, startedAt, ended, counts } = plan
  const facts = { runId: runIds.at(-1) ?? '', startedAt, items: counts.items }
  if (ended !== undefined) {
    const { units: all, bytes } = counts
    const units = { all, done: all, held: 0, free: 0 }
    const done = { lines: 0, quarantined: 0, failed: ended.failed, holders: [] }
    return { ...facts, ended, units, bytes: { all: bytes, done: bytes }, ...done }
  }
  const seen = await look(sink, plan)
  const { done, held } = seen
  return {
    ...facts,
    units: { all: counts.units, done, held, free: counts.units - done - held },
    bytes: { all: counts.bytes, done: seen.bytes },
    lines: seen.lines,
    quarantined: seen.quarantined,
    failed: plan.failed.length + seen.failed,
    holders: seen.holders,
  }
}

async function look(sink: Sink, plan: PlanHeader) {
  const seen = {
    done: 0,
    held: 0,
    bytes: 0,
    lines: 0,
    quarantined: 0,
    failed: 0,
    holders: [] as UnitHolder[],
  }
  for await (const units of unitBatches(sink, plan))
    await inParallel(units, AT_ONCE, async (unit) => {
      const { state } = unitSink(sink, unit)
      const result = await readUnitResult(state)
      if (result === undefined) {
        const holder = await state.holder()
        if (holder === undefined) return
        seen.held += 1
        const { host, pid } = holder
        seen.holders.push({ unit: unit.id, host, ...(pid === undefined ? {} : { pid }) })
        return
      }
      seen.done += 1
      seen.bytes += unit.bytes
      seen.failed += result.failed.length
      for (const { totals } of result.records) {
        seen.lines += totals.lines
        seen.quarantined += totals.quarantined
      }
    })
  return seen
}
