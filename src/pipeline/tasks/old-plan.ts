import { isSluiceError, sluiceError } from '../../errors.js'
import { filesOf, splitSink } from '../../storage/split.js'
import type { Sink, SinkHead } from '../../storage/store.js'
import { openRecords, type Records, sealedHeads } from '../checkpoint/records.js'
import { type ItemWork, sealedBefore, unfinished } from '../item-list.js'
import { inParallel } from '../parallel-work.js'
import { type PlanHeader, planLines, removePages, type Unit, writePlan } from './plan-file.js'
import type { Abandoned } from './task.js'
import { openUnitRecords, readUnitResult, wasClaimed } from './unit-records.js'
import { unitSink } from './unit-work.js'

const AT_ONCE = 16

/**
 * Makes sure that nobody works by a plan any more: first no unit can be begun, then none is held. Needs the lock. Throws
 * SINK_LOCKED, and leaves the plan open, while a task is at work.
 */
export async function closePlan(options: Abandoned, plan: PlanHeader): Promise<void> {
  const { sink, signal } = options
  const { isClosing: _, ...open } = plan
  await writePlan(sink.state, { ...open, isClosing: true })
  try {
    for await (const units of unitBatches(sink, plan))
      await inParallel(units, AT_ONCE, async (unit) => {
        const { state } = unitSink(sink, unit)
        if ((await state.holder()) === undefined) return
        const release = await state.lock({ signal })
        await release()
      })
  } catch (error) {
    await writePlan(sink.state, open)
    if (!isSluiceError(error) || error.code !== 'SINK_LOCKED') throw error
    throw sluiceError('SINK_LOCKED', {
      at: sink.place,
      message: 'tasks of another run are at work here',
      help: 'wait for them to end, or stop them, then run it again',
    })
  }
}

/**
 * Records what was made by a closed plan, so that it is known as ours. Returns the versions of parts by name. Needs the
 * lock.
 */
export async function absorbPlan(
  { sink }: Abandoned,
  plan: PlanHeader,
): Promise<ReadonlyMap<string, string>> {
  const records = await openRecords(sink)
  try {
    return await absorb(sink, plan, records)
  } finally {
    await records.close()
  }
}

async function absorb(sink: Sink, plan: PlanHeader, records: Records): Promise<ReadonlyMap<string, string>> {
  const parts = new Map<string, string>()
  const divided: ItemWork[] = []
  for await (const line of planLines(sink.state, plan)) if ('divided' in line) divided.push(line.divided)
  for await (const units of unitBatches(sink, plan))
    await inParallel(units, AT_ONCE, async (unit) => {
      for (const { work, head } of await madeBy(sink, unit, records))
        if (unit.part !== undefined) parts.set(work.output, head.version)
    })
  const whole = splitSink(sink, Number.POSITIVE_INFINITY, { isSplit: () => true })
  for (const each of divided) {
    const head = await whole.head(each.output)
    if (head === undefined) continue
    if ((await records.done(each.output))?.head?.version === head.version) continue
    const isOurs = filesOf(each.output, head).every(({ name, version }) => parts.get(name) === version)
    if (isOurs) await records.write(unfinished(each, head))
  }
  return parts
}

interface Made {
  readonly work: ItemWork
  readonly head: SinkHead
}

/** Outputs that a unit made, and are under their names; those of whole items are recorded. */
async function madeBy(sink: Sink, unit: Unit, records: Records): Promise<readonly Made[]> {
  const of = unitSink(sink, unit)
  const workOf = new Map(unit.work.map((work) => [work.output, work]))
  const result = await readUnitResult(of.state)
  const made: Made[] = []
  if (result !== undefined && !result.isSealed)
    for (const record of result.records) {
      const work = workOf.get(record.output)
      if (unit.part === undefined) await records.write(record)
      if (work !== undefined && record.head !== null) made.push({ work, head: record.head })
    }
  if (result !== undefined || !(await wasClaimed(of))) return made
  const release = await of.state.lock()
  try {
    const own = await openUnitRecords(of)
    for (const work of unit.work) {
      const there = await of.head(work.output)
      if (there === undefined) continue
      const record = await own.done(work.output)
      const isDone = record?.head?.version === there.version
      const sealed = [...sealedHeads(own, work.output), ...(await sealedBefore(of.state, work.output))]
      const isSealed = sealed.some(({ version }) => version === there.version)
      if (!isDone && !isSealed) continue
      made.push({ work, head: there })
      if (unit.part === undefined) await records.write(isDone ? record : unfinished(work, there))
    }
    await own.close()
  } finally {
    await release()
  }
  return made
}

/**
 * Removes what is left of a plan that was replaced: parts that belong to no output any more, half-written outputs and
 * the states of its units. Units that another plan has, too, stay. Needs the lock.
 */
export async function forgetPlan(
  sink: Sink,
  plan: PlanHeader,
  { units, known }: { readonly units: readonly Unit[]; readonly known: ReadonlyMap<string, string> },
): Promise<void> {
  const kept = new Set(units.map(({ id }) => id))
  const outputs = new Set(units.flatMap(({ work }) => work.map(({ output }) => output)))
  for await (const batch of unitBatches(sink, plan))
    await inParallel(batch, AT_ONCE, async (unit) => {
      if (kept.has(unit.id)) return
      const of = unitSink(sink, unit)
      if (await wasClaimed(of)) await abortUnit(of, unit)
      for (const { output } of unit.part === undefined ? [] : unit.work)
        if (!outputs.has(output) && (await of.head(output))?.version === known.get(output))
          await of.remove(output)
      await of.state.clear()
    })
  await removePages(sink.state, plan)
}

async function abortUnit(sink: Sink, { work }: Unit): Promise<void> {
  const release = await sink.state.lock()
  try {
    for (const { output, fingerprint } of work) await sink.item(output, fingerprint).abort()
  } finally {
    await release()
  }
}

/** Yields the units of a plan, a page at a time. */
export async function* unitBatches(sink: Sink, plan: PlanHeader): AsyncIterable<readonly Unit[]> {
  let batch: Unit[] = []
  for await (const line of planLines(sink.state, plan)) {
    if (!('unit' in line)) continue
    batch.push(line.unit)
    if (batch.length < 256) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
