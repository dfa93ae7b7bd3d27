import { anonymizeItems } from '../../src/pipeline/anonymize-items.js'
import type { DoneRecord } from '../../src/pipeline/checkpoint/done-record.js'
import { quarantineName } from '../../src/pipeline/checkpoint/done-record.js'
import { openRecords } from '../../src/pipeline/checkpoint/records.js'
import type { ItemWork } from '../../src/pipeline/item-list.js'
import { settleLimits } from '../../src/pipeline/limits.js'
import type { FaultPoint, RunProgress } from '../../src/pipeline/options.js'
import { renumbered } from '../../src/pipeline/report/quarantine.js'
import type { ItemFailure } from '../../src/pipeline/report/report.js'
import { RunCounts } from '../../src/pipeline/run-counts.js'
import { contextOf, openSharedResources, startWorkers } from '../../src/pipeline/shared-resources.js'
import { memorySink } from '../../src/storage/memory/memory.js'
import { MemoryContent } from '../../src/storage/memory/memory-content.js'
import type { Source } from '../../src/storage/store.js'
import { joinedPlan } from './joined-run.js'

export interface RangeTrial {
  readonly source: Source
  readonly chunkBytes: number
  readonly maxLineBytes: number
  readonly gzip?: boolean
  readonly quarantineContent?: boolean
}

/** What became of one work. */
export interface Ranged {
  readonly bytes: Buffer
  readonly records: readonly DoneRecord[]
  readonly failed: readonly ItemFailure[]
  readonly progress: readonly RunProgress[]
  /** How often it was resumed from a journal. */
  readonly resumed: number
  quarantine(linesBefore: number): Promise<string>
}

/** Anonymizes single items, or ranges of them, on workers that are started once. */
export function rangeRunner() {
  const largest = settleLimits({ workers: 1, chunkBytes: 4096, memoryBudgetBytes: 2 ** 22 })
  const plan = joinedPlan()
  const spec = plan.settle(plan.newRunSecrets())
  const shared = openSharedResources({}, largest, { pool: startWorkers({}, largest), spec })

  async function attempt(
    content: MemoryContent,
    work: ItemWork,
    { source, chunkBytes, maxLineBytes, gzip, quarantineContent }: RangeTrial,
    {
      onEvent,
      faultPoint,
    }: { readonly onEvent: (event: string) => void; readonly faultPoint: (point: FaultPoint) => void },
  ) {
    const sink = memorySink(content)
    const unlock = await sink.state.lock()
    const records = await openRecords(sink)
    const failed: ItemFailure[] = []
    const found: DoneRecord[] = []
    const progress: RunProgress[] = []
    const counts = new RunCounts({ onProgress: (at) => progress.push(at) }, 1, work.item.bytes)
    const run = contextOf(
      { source, sink, plan, gzip, quarantineContent, faultPoint, onEvent: ({ event }) => onEvent(event) },
      { limits: { ...largest, chunkBytes, maxLineBytes }, spec, shared, counts, records },
    )
    const delivered = { add: (record: DoneRecord) => found.push(record) }
    await anonymizeItems(run, [work], { counts, delivered, failed, stop: () => {} })
    await records.close()
    await unlock()
    return { records: found, failed, progress }
  }

  return {
    close: shared.close,
    /** Crashes so often, at so many named points after the start; then lets it end. */
    async anonymize(work: ItemWork, trial: RangeTrial, crashes: readonly number[] = []): Promise<Ranged> {
      const content = new MemoryContent('out')
      let resumed = 0
      const onEvent = (event: string) => {
        if (event === 'item.resumed') resumed += 1
      }
      for (const [at, points] of crashes.entries()) {
        let left = points
        const faultPoint = (point: FaultPoint) => {
          // There, the chunk that was read holds a slab, which only the end of the process would free.
          if (point === 'slab-read') return
          left -= 1
          if (left !== 0) return
          content.crash(at % 2 === 0 ? 'process' : 'power')
          throw new Error('crashed')
        }
        await attempt(content, work, trial, { onEvent, faultPoint }).catch((error: unknown) => {
          if (left > 0) throw error
        })
        content.crash('process')
      }
      const ended = await attempt(content, work, trial, { onEvent, faultPoint: () => {} })
      const { state } = memorySink(content)
      return {
        ...ended,
        bytes: content.objects.get(work.output)?.bytes ?? Buffer.from('no output'),
        resumed,
        async quarantine(linesBefore) {
          let text = ''
          for await (const piece of renumbered(state.pieces(quarantineName(work.output)), linesBefore))
            text += piece
          return text
        },
      }
    },
  }
}
