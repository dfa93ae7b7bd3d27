import { type CheckedConfig, checkConfig } from '../../config/anonymizer/configuration.js'
import { planOf } from '../../config/anonymizer/plan.js'
import { layoutFingerprint, openRunFolder } from '../../pipeline/layout.js'
import type { RunMetrics, RunOptions } from '../../pipeline/options.js'
import type { RunReport } from '../../pipeline/report/report.js'
import { reportJson } from '../../pipeline/report/state-report.js'
import { runPipeline } from '../../pipeline/run.js'
import { anonymizeStream } from '../../pipeline/stream.js'
import { joinRun } from '../../pipeline/tasks/join.js'
import type { StoreAccess } from '../../storage/access.js'
import { isLocal, openLake, openSource } from '../../storage/open.js'
import { splitSink } from '../../storage/split.js'
import type { Sink } from '../../storage/store.js'
import type { WorkerPool } from '../../workers/pool.js'
import { printReport, printStreamTotals } from '../display/report-text.js'
import type { RunDisplay } from '../display/run-display.js'
import { apartFromRun } from '../display/run-metrics.js'
import type { Terminal } from '../display/terminal.js'
import { withRunDisplay } from '../display/with-run-display.js'
import { EXIT, type ExitCode, exitCodeOfCode } from '../exit-codes.js'
import { longFlag, usage } from '../shared-options.js'
import { readConfigAt, storeAccess } from '../store-access.js'
import { readItems } from './items-from.js'
import { openTask } from './open-task.js'
import { ANONYMIZE_OPTIONS, type AnonymizeValues } from './options.js'
import { isTask } from './task-options.js'
import { taskJson, taskText, workText } from './task-text.js'

export interface Places {
  readonly input: string
  readonly output: string
  readonly config: string
}

export interface Surroundings {
  readonly terminal: Terminal
  /** The threads for the run, started ahead. */
  readonly pool: WorkerPool
}

/** `sluice anonymize`. Throws what the configuration, the store and the pipeline throw. */
export async function anonymize(
  { input, output, config }: Places,
  values: AnonymizeValues,
  { terminal, pool }: Surroundings,
): Promise<ExitCode> {
  if ((input === '-') !== (output === '-')) throw usage('stdin goes to stdout: -i - and -o - belong together')
  let shown: RunDisplay | undefined
  const access = storeAccess(terminal, {
    readAheadBytes: values.readAhead,
    onRetry: ({ at, ...fields }) =>
      shown?.onEvent({ event: 'request.retried', level: 'info', item: at, ...fields }),
  })
  const { raw, baseFolder } = await readConfigAt(config, access)
  const isJoined = isTask(values)
  const checked = checkConfig(raw, {
    isShared: isJoined,
    fhirVersion: values.fhirVersion,
    baseFolder,
    allowRandomKeys: values.allowRandomKeys,
    allowWeakKeys: values.allowWeakKeys,
    warnsOfWeakKeys: true,
    validateInput: values.validateInput,
    validateOutput: values.validateOutput,
  })
  pool.load(checked.spec.fhirVersion)
  const isStream = input === '-'
  if (isStream) refuseFileOptions(values)
  const places = { ...values, apartFrom: apartFromRun(output, [input, config, values.state]) }
  return withRunDisplay(places, terminal, !isStream, (display, metrics) => {
    shown = display
    display.configured(checked)
    const opened = { checked, display, metrics, access, pool }
    if (isStream) return stream(values, opened, terminal)
    return isJoined ? joined(values, opened, terminal) : files({ input, output }, values, opened, terminal)
  })
}

const FILE_OPTIONS = [
  'quarantineContent',
  'maxQuarantined',
  'overwrite',
  'skip',
  'prune',
  'allowEmpty',
  'json',
  'layout',
  'createContainer',
  'state',
  'splitBytes',
  'join',
  'shard',
  'itemsFrom',
] as const

function refuseFileOptions(values: AnonymizeValues): void {
  for (const name of FILE_OPTIONS)
    if (values[name]) throw usage(`${longFlag(ANONYMIZE_OPTIONS[name])} needs files, not stdin`)
}

interface Opened {
  readonly checked: CheckedConfig
  readonly display: RunDisplay
  readonly metrics: RunMetrics | undefined
  readonly access: StoreAccess
  readonly pool: WorkerPool
}

async function files(
  { input, output }: { readonly input: string; readonly output: string },
  values: AnonymizeValues,
  { checked, display, metrics, access, pool }: Opened,
  terminal: Terminal,
): Promise<ExitCode> {
  const { createContainer, state, splitBytes, overwrite, quarantineContent } = values
  const source = await readItems(await openSource(input, access), values, terminal)
  const lake = await openLake(output, access, { isToBeCreated: createContainer, state })
  const shared = { ...sharedOptions(values, checked, terminal), quarantineContent }
  const folder = await openRunFolder(lake, {
    layout: values.layout ?? (isLocal(output) ? 'none' : 'dated'),
    fingerprint: layoutFingerprint(source.place, { ...shared, splitBytes }),
    signal: terminal.signal,
    onEvent: display.onEvent,
  })
  const sink = splitBytes === undefined ? folder.sink : splitSink(folder.sink, splitBytes, { overwrite })
  try {
    const report = await runPipeline({
      ...shared,
      source,
      sink,
      pool,
      maxQuarantined: values.maxQuarantined,
      overwrite,
      prune: values.prune,
      allowEmpty: values.allowEmpty,
      skipExisting: values.skip,
      metrics,
      onProgress: display.onProgress,
      onEvent: display.onEvent,
    })
    await display.close()
    return await printed(report, sink, values, terminal)
  } finally {
    await folder.close()
  }
}

/** One task of a run. Its exit code is 0 also with quarantined lines: the report of the run tells of them. */
async function joined(
  values: AnonymizeValues,
  { checked, display, metrics, access, pool }: Opened,
  terminal: Terminal,
): Promise<ExitCode> {
  if (values.splitBytes !== undefined)
    throw usage(
      '--split-bytes cannot be used with --join: the ranges of an item are its parts (--range-bytes)',
    )
  const { onEvent, onProgress } = display
  const task = await openTask(values, { checked, access, terminal, onEvent })
  const { shard } = values
  const result = await joinRun({ ...task, pool, shard, onBadLine: values.onBadLine, metrics, onProgress })
  await display.close()
  if (result.kind !== 'finished') {
    if (values.json) terminal.print(JSON.stringify(taskJson(result)))
    else for (const line of taskText(result)) terminal.print(line)
    return EXIT.delivered
  }
  if (!values.json) terminal.print(workText(result.work))
  return printed(result.report, task.sink, { ...values, quarantineExit: EXIT.delivered }, terminal)
}

export async function printed(
  report: RunReport,
  sink: Sink,
  values: Pick<AnonymizeValues, 'json' | 'quarantineExit'>,
  terminal: Terminal,
): Promise<ExitCode> {
  if (values.json) terminal.print(await reportJson(report))
  else {
    if (isWithoutResource(report)) terminal.print('WARNING: no resource was delivered; check the input')
    printReport(report, sink, terminal)
  }
  const [failed] = report.failed
  if (failed !== undefined) return exitCodeOfCode(failed.code)
  return report.lines.quarantined > 0 ? values.quarantineExit : EXIT.delivered
}

/** Files that hold nothing, as exports leave them that went wrong. */
const isWithoutResource = ({ items, lines }: RunReport): boolean =>
  items.committed + items.finishedBefore > 0 && items.skipped + items.failed === 0 && lines.delivered === 0

async function stream(
  values: AnonymizeValues,
  { checked, display, metrics, pool }: Opened,
  terminal: Terminal,
): Promise<ExitCode> {
  const totals = await anonymizeStream({
    ...sharedOptions(values, checked, terminal),
    pool,
    input: terminal.stdin,
    output: terminal.stdout,
    metrics,
    onEvent: display.onEvent,
    onQuarantined: display.onQuarantined,
  })
  await display.close()
  printStreamTotals(totals, terminal)
  return totals.quarantined > 0 ? values.quarantineExit : EXIT.delivered
}

const sharedOptions = (
  { asOf, workers, memoryBudget, maxLineBytes, gzip, zstd, onBadLine }: AnonymizeValues,
  checked: CheckedConfig,
  { signal }: Terminal,
) =>
  ({
    plan: planOf(checked, asOf),
    workers,
    memoryBudgetBytes: memoryBudget,
    maxLineBytes,
    gzip,
    zstd,
    onBadLine,
    signal,
  }) satisfies Partial<RunOptions>
