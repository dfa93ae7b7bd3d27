import { COMPLETED_RUN_NAMES } from '../published/names.js'
import type { Sink } from '../storage/store.js'
import type { Ending } from './items/plan.js'
import type { AltExportReport } from './options.js'

/** A file of the summary, in the spelling of Microsoft's loader. */
export interface CompletedFile {
  readonly type: string
  readonly url: string
  readonly count: number
  readonly sizebytes: number
  readonly commitedblocks: number
}

/**
 * The summary as Microsoft's loader has it. Its documentation describes one with a list of files, under the name
 * `_completed_run.xjson`; since 2022 its code writes one without, `_completed_run.json`.
 */
function completedRun(report: AltExportReport, ending: Ending, place: string): object {
  const { id, startedAt, gatheredAt, finishedAt, ids, items, kind } = report
  return {
    instanceid: id,
    extractstarted: startedAt,
    ...(kind === 'type'
      ? {}
      : {
          gatheringidsstarted: startedAt,
          gatheringidscompleted: gatheredAt,
          uniqueidstoprocess: ids?.unique ?? 0,
        }),
    suborchestrationsqueued: items,
    suborchestionwaitstarted: gatheredAt,
    suborchestionwaitcompleted: finishedAt,
    extractcompleted: finishedAt,
    extractresults: countsByType(report),
    fileresourcecountstarted: finishedAt,
    fileresourcecountcompleted: finishedAt,
    ...(ending === 'xndjson'
      ? { output: isSplit(report) ? completedParts(report, place) : completedFiles(report, place) }
      : {}),
  }
}

/** The files in the order of their names. Blocks are those of the output: a file has one. */
export const completedFiles = ({ run }: AltExportReport, place: string): readonly CompletedFile[] =>
  'raw' in run
    ? run.outputs.map(({ name, bytes, lines = 0 }) =>
        fileOf(place, { name, item: name, bytes, count: lines }),
      )
    : run.outputs.map(({ name, bytes, lines, source, parts }) => {
        const [part = { name, bytes }] = parts?.length === 1 ? parts : []
        return fileOf(place, { name: part.name, item: source.name, bytes, count: lines.delivered })
      })

/** The files of which outputs consist that are split into several. Nobody has counted their lines. */
const completedParts = ({ run }: AltExportReport, place: string): readonly Omit<CompletedFile, 'count'>[] =>
  'raw' in run
    ? []
    : run.outputs.flatMap(({ name, bytes, source, parts = [{ name, bytes }] }) =>
        parts.map((part) => {
          const { count: _, ...file } = fileOf(place, { ...part, item: source.name, count: 0 })
          return file
        }),
      )

const isSplit = ({ run }: AltExportReport): boolean =>
  !('raw' in run) && run.outputs.some(({ parts = [] }) => parts.length > 1)

interface Written {
  readonly name: string
  readonly item: string
  readonly bytes: number
  readonly count: number
}

const fileOf = (place: string, { name, item, bytes, count }: Written): CompletedFile => ({
  type: item.replace(/-.*/, ''),
  url: isAddress(place) ? `${place.replace(/\/$/, '')}/${name}` : name,
  count,
  sizebytes: bytes,
  commitedblocks: 1,
})

export const writeCompletedRun = (sink: Sink, report: AltExportReport, ending: Ending): Promise<void> =>
  sink.put(
    ending === 'xndjson' ? COMPLETED_RUN_NAMES.documented : COMPLETED_RUN_NAMES.current,
    `${JSON.stringify(completedRun(report, ending, sink.place), null, 2)}\n`,
  )

const isAddress = (place: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(place)

function countsByType({ run }: AltExportReport): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  const add = (item: string, count: number): void => {
    const type = item.replace(/-.*/, '')
    counts[type] = (counts[type] ?? 0) + count
  }
  if ('raw' in run) for (const { name, lines = 0 } of run.outputs) add(name, lines)
  else for (const { source, lines } of run.outputs) add(source.name, lines.delivered)
  return counts
}
