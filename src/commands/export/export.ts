import { join } from 'node:path'
import { planOf } from '../../config/anonymizer/plan.js'
import type { Series } from '../../config/anonymizer/random-keys.js'
import { printByteCount, printCount } from '../../config/units/sizes.js'
import type { ExportRequest } from '../../export/job/request.js'
import type { ExportOptions, ExportReport } from '../../export/options.js'
import { cancelExport, runExport } from '../../export/run.js'
import { exportFingerprint } from '../../export/server-job.js'
import { hasErrors, issueText } from '../../fhir-client/outcomes.js'
import { openRunFolder, type RunFolder } from '../../pipeline/layout.js'
import type { StoreAccess } from '../../storage/access.js'
import { isLocal, openLake, openSource } from '../../storage/open.js'
import type { Sink } from '../../storage/store.js'
import { checkedConfigAt } from '../checked-config.js'
import { printContents } from '../display/contents-text.js'
import { printReport } from '../display/report-text.js'
import type { RunDisplay } from '../display/run-display.js'
import { apartFromRun, checkMetricsFile } from '../display/run-metrics.js'
import type { Terminal } from '../display/terminal.js'
import { withRunDisplay } from '../display/with-run-display.js'
import { EXIT, type ExitCode, exitCodeOfCode } from '../exit-codes.js'
import { connectionOf } from '../server-options.js'
import { required, usage } from '../shared-options.js'
import { storeAccess } from '../store-access.js'
import { EXPORT_OPTIONS, type ExportValues } from './options.js'

/** `sluice export`. Throws what the configuration, the export and the pipeline throw. */
export async function exportFromServer(values: ExportValues, terminal: Terminal): Promise<ExitCode> {
  const base = required(values.from, EXPORT_OPTIONS.from)
  const to = required(values.to, EXPORT_OPTIONS.to)
  if (!values.cancel && values.raw === (values.config !== undefined))
    throw usage('give either --config, or --raw to store the data unchanged')
  let shown: RunDisplay | undefined
  const access = storeAccess(terminal, {
    onRetry: ({ at, ...fields }) =>
      shown?.onEvent({ event: 'request.retried', level: 'info', item: at, ...fields }),
  })
  const series = isIncrement(values) ? INCREMENT : undefined
  const checked =
    values.config === undefined ? undefined : await checkedConfigAt(values.config, values, access, series)
  const request = requestOf(values)
  const options = {
    base,
    request,
    ...(await connectionOf(values, access)),
    openStore: values.container === undefined ? undefined : (address: string) => openSource(address, access),
    plan: checked && planOf(checked, values.asOf),
    signal: terminal.signal,
    ...runOptionsOf(values),
  }
  const places = { ...values, apartFrom: apartFromRun(to, [values.config, values.auth, values.state]) }
  await checkMetricsFile(places)
  const folder = await openFolder(to, options, values, access)
  try {
    if (values.cancel) return await cancel({ ...options, sink: folder.sink }, terminal)
    return await withRunDisplay(places, terminal, true, async (display, metrics) => {
      shown = display
      if (checked !== undefined) display.configured(checked)
      const { onProgress, onEvent } = display
      const report = await runExport({ ...options, sink: folder.sink, metrics, onProgress, onEvent })
      await display.close()
      if (values.json) terminal.print(JSON.stringify(report))
      else printExport(report, values, folder.sink, terminal)
      return exitCodeFor(report, values)
    })
  } finally {
    await folder.close()
  }
}

const INCREMENT: Series = {
  why: '--since adds this export to an earlier one',
  isSeparate: false,
  isAddedTo: true,
}

/** Where the outputs of this export go: with a dated layout, the folder of the same one that is not complete. */
async function openFolder(
  to: string,
  options: Omit<ExportOptions, 'sink'>,
  values: ExportValues,
  access: StoreAccess,
): Promise<RunFolder> {
  const { state, createContainer, layout = isLocal(to) ? 'none' : 'dated' } = values
  const lake = await openLake(to, access, { state, isToBeCreated: createContainer })
  const { signal } = options
  return openRunFolder(lake, { layout, fingerprint: exportFingerprint(options), signal })
}

/** The options that make the request. */
export type RequestValues = Pick<
  ExportValues,
  | 'group'
  | 'patient'
  | 'post'
  | 'lenient'
  | 'level'
  | 'outputFormat'
  | 'type'
  | 'since'
  | 'until'
  | 'typeFilter'
  | 'elements'
  | 'includeAssociatedData'
  | 'organizeOutputBy'
  | 'container'
  | 'format'
  | 'parameter'
>

/** What the options ask of the server. Throws USAGE. */
export function requestOf(values: RequestValues): ExportRequest {
  const { group, patient, post, lenient } = values
  const level = values.level ?? (group !== undefined ? 'group' : patient.length > 0 ? 'patient' : 'system')
  if ((level === 'group') !== (group !== undefined))
    throw usage('--group and the level group belong together')
  const each = (name: string, list: readonly string[]) => list.map((value) => [name, value] as const)
  const one = (name: string, value: string | undefined) =>
    value === undefined ? [] : [[name, value] as const]
  return {
    level,
    groupId: group,
    method: post ? 'POST' : undefined,
    lenient,
    parameters: [
      ...one('_outputFormat', values.outputFormat),
      ...each('_type', values.type.flat()),
      ...one('_since', values.since),
      ...one('_until', values.until),
      ...each('_typeFilter', values.typeFilter),
      ...each('_elements', values.elements.flat()),
      ...each('patient', patient),
      ...each('includeAssociatedData', values.includeAssociatedData),
      ...one('organizeOutputBy', values.organizeOutputBy),
      ...one('_container', values.container),
      ...one('_format', values.format),
      ...values.parameter,
    ],
  }
}

const runOptionsOf = (values: ExportValues) =>
  ({
    pollIntervalMs: values.pollInterval * 1000,
    pollLimitMs: values.pollLimit * 60_000,
    downloads: values.downloads,
    onMismatch: values.onMismatch,
    onInterrupt: values.onInterrupt,
    restart: values.restart,
    workers: values.workers,
    memoryBudgetBytes: values.memoryBudget,
    maxLineBytes: values.maxLineBytes,
    gzip: values.gzip,
    zstd: values.zstd,
    onBadLine: values.onBadLine,
    quarantineContent: values.quarantineContent,
    maxQuarantined: values.maxQuarantined,
    overwrite: values.overwrite,
  }) satisfies Partial<ExportOptions>

async function cancel(options: ExportOptions, terminal: Terminal): Promise<ExitCode> {
  const isCancelled = await cancelExport(options)
  terminal.print(
    isCancelled ? 'the export is cancelled' : 'there is no unfinished export that could be cancelled',
  )
  return EXIT.delivered
}

function exitCodeFor(report: ExportReport, values: ExportValues): ExitCode {
  const { run, issues } = report
  const [failed] = run.failed
  if (failed !== undefined) return exitCodeOfCode(failed.code)
  if (values.onServerErrors === 'fail' && hasErrors(issues)) return EXIT.source
  if (isEmptyFailure(report, values)) return EXIT.source
  return 'raw' in run || run.lines.quarantined === 0 ? EXIT.delivered : values.quarantineExit
}

/** Nothing came, not even lines to quarantine, where everything was asked for. */
const isEmptyFailure = (
  { run, isEmpty }: ExportReport,
  { since, parameter, allowEmpty }: ExportValues,
): boolean =>
  isEmpty &&
  !allowEmpty &&
  run.failed.length === 0 &&
  !isIncrement({ since, parameter }) &&
  ('raw' in run || run.lines.quarantined === 0)

const isIncrement = ({ since, parameter }: Pick<ExportValues, 'since' | 'parameter'>): boolean =>
  since !== undefined || parameter.some(([name]) => name === '_since')

function printExport(report: ExportReport, values: ExportValues, sink: Sink, terminal: Terminal): void {
  const { run, files, issues, transactionTime } = report
  terminal.print(
    `${report.level} export from ${report.base}: ${printCount(files.output)} files` +
      `${files.deleted > 0 ? `, ${printCount(files.deleted)} of deletions` : ''}`,
  )
  if (Object.keys(issues).length > 0)
    terminal.print(
      `the server says: ${issueText(issues)}; texts: ${join(sink.state.place, 'export/outcomes.ndjson')}`,
    )
  if (run.failed.length === 0)
    printContents(
      report,
      { isIncrement: isIncrement(values), isFailure: isEmptyFailure(report, values) },
      terminal,
    )
  if ('raw' in run) {
    terminal.print(`${printCount(run.outputs.length)} files stored raw: ${printByteCount(run.bytes.written)}`)
    for (const { item, code, message } of run.failed) terminal.print(`failed: ${item}: ${code}: ${message}`)
  } else printReport(run, sink, terminal)
  // What is missing here would be missing forever.
  const isToBeContinued = report.isComplete && !hasErrors(issues) && !isEmptyFailure(report, values)
  if (transactionTime !== undefined && isToBeContinued)
    terminal.print(`next time: --since ${transactionTime}`)
}
