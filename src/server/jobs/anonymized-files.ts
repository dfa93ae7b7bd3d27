import { join } from 'node:path'
import { isSluiceError } from '../../errors.js'
import type { RunProgress } from '../../pipeline/options.js'
import { forDeletions } from '../../pipeline/plan.js'
import type { RunReport } from '../../pipeline/report/report.js'
import { runPipeline } from '../../pipeline/run.js'
import { folderState } from '../../storage/folder/folder-state.js'
import { selectionSource } from '../query/selection-source.js'
import { badRequest, type Issue } from '../refusal.js'
import { type ExportRunOptions, namesOf, urlName, type Work } from './export-work.js'
import { type AnonymizeOrder, containerFolder, type JobRecord, type OutputFile } from './job.js'

interface Anonymized {
  readonly job: JobRecord
  readonly output: readonly OutputFile[]
  readonly issues: readonly Issue[]
}

/** Anonymizes the selections into the container of the order. */
export async function anonymizeAll(
  options: ExportRunOptions,
  job: JobRecord & { readonly anonymize: AnonymizeOrder },
  { folder, selections, signal, save, progress }: Work,
): Promise<Anonymized> {
  if (options.anonymization === undefined) throw badRequest('The anonymized export operation is not enabled.')
  const { configs, containers } = options.anonymization
  const { plan, digest } = await configs.load(job.anonymize)
  if (job.configDigest !== undefined && job.configDigest !== digest)
    throw badRequest(
      'The anonymization configuration changed while the export was in progress; start a new export.',
    )
  const pinned = { ...job, configDigest: digest }
  await save(pinned)
  const container = await containers.open(job.anonymize.container, containerFolder(job))
  const report = await runPipeline({
    ...options.pipeline,
    source: selectionSource(options.source, selections, folder),
    sink: container.sink(folderState(join(folder, 'run'))),
    plan: selections.some(({ isDeletions }) => isDeletions) ? forDeletions(plan) : plan,
    signal,
    onProgress: ({ bytesRead, bytesTotal }: RunProgress) => progress(bytesRead, bytesTotal),
    onEvent: (event) => options.onRunEvent(job.id, event),
  }).catch((error: unknown) => {
    if (isSluiceError(error) && error.code === 'INTERRUPTED') signal.throwIfAborted()
    throw error
  })
  const files = await container.files()
  const selectionOf = new Map(selections.map((selection) => [selection.name, selection]))
  const output: OutputFile[] = []
  for (const { name, bytes, lines } of report.outputs) {
    const item = await files.head(name)
    const selection = selectionOf.get(name)
    if (item === undefined || selection === undefined || lines.delivered === 0) continue
    output.push({
      name: urlName(name),
      type: selection.type,
      ...namesOf(selection),
      count: lines.delivered,
      place: 'container',
      item,
      isGzip: false,
      bytes,
    })
  }
  return { job: pinned, output, issues: issuesOf(report) }
}

function issuesOf({ quarantinedByCode, failed }: RunReport): Issue[] {
  const quarantined = Object.entries(quarantinedByCode).map(
    ([code, count]): Issue => ({
      severity: 'error',
      code: 'processing',
      text: `Failed to anonymize resource: ${count} resources were left out (${code}).`,
    }),
  )
  return [
    ...quarantined,
    ...failed.map(
      ({ item, code }): Issue => ({
        severity: 'error',
        code: 'exception',
        text: `${item} could not be read (${code}).`,
      }),
    ),
  ]
}
