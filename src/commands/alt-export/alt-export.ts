import type { AltExportDefinition } from '../../alt-export/definition.js'
import { altExportFingerprint } from '../../alt-export/job/export-job.js'
import type { AltExportOptions, AltExportReport } from '../../alt-export/options.js'
import { runAltExport } from '../../alt-export/run.js'
import { checkAltExportDefinition, readAltExportDefinition } from '../../config/alt-export/definition.js'
import { type CheckedConfig, checkConfig } from '../../config/anonymizer/configuration.js'
import { planOf } from '../../config/anonymizer/plan.js'
import type { Series } from '../../config/anonymizer/random-keys.js'
import { openRunFolder } from '../../pipeline/layout.js'
import type { StoreAccess } from '../../storage/access.js'
import { isLocal, openLake } from '../../storage/open.js'
import { splitSink } from '../../storage/split.js'
import type { RunDisplay } from '../display/run-display.js'
import { apartFromRun, checkMetricsFile } from '../display/run-metrics.js'
import type { Terminal } from '../display/terminal.js'
import { withRunDisplay } from '../display/with-run-display.js'
import { EXIT, type ExitCode, exitCodeOfCode } from '../exit-codes.js'
import { connectionOf } from '../server-options.js'
import { required, usage } from '../shared-options.js'
import { readConfigAt, storeAccess } from '../store-access.js'
import { ALT_EXPORT_OPTIONS, type AltExportValues } from './options.js'
import { printAltExport } from './text.js'

/** `sluice alt-export`. Throws what the definition, the configuration, the export and the pipeline throw. */
export async function altExport(
  values: AltExportValues,
  terminal: Terminal,
  words: readonly string[],
): Promise<ExitCode> {
  const base = required(values.from, ALT_EXPORT_OPTIONS.from)
  const to = required(values.to, ALT_EXPORT_OPTIONS.to)
  if (values.raw === (values.config !== undefined))
    throw usage('give either --config, or --raw to store the data unchanged')
  if (values.raw && values.splitBytes !== undefined) throw usage('--split-bytes needs --config')
  const definition = await definitionOf(values, words)
  let shown: RunDisplay | undefined
  const access = storeAccess(terminal, {
    onRetry: ({ at, ...fields }) =>
      shown?.onEvent({ event: 'request.retried', level: 'info', item: at, ...fields }),
  })
  const checked = values.config === undefined ? undefined : await configured(values.config, values, access)
  const options = {
    base,
    definition,
    ...(await connectionOf(values, access)),
    plan: checked && planOf(checked, values.asOf),
    signal: terminal.signal,
    ...runOptionsOf(values),
  }
  const places = {
    ...values,
    apartFrom: apartFromRun(to, [values.config, values.auth, words[0], values.state]),
  }
  await checkMetricsFile(places)
  const { state, createContainer, layout = isLocal(to) ? 'none' : 'dated' } = values
  const lake = await openLake(to, access, { state, isToBeCreated: createContainer })
  const fingerprint = altExportFingerprint(options)
  const folder = await openRunFolder(lake, { layout, fingerprint, signal: terminal.signal })
  const { splitBytes, overwrite } = values
  const sink = splitBytes === undefined ? folder.sink : splitSink(folder.sink, splitBytes, { overwrite })
  try {
    return await withRunDisplay(places, terminal, true, async (display, metrics) => {
      shown = display
      if (checked !== undefined) display.configured(checked)
      const { onProgress, onEvent } = display
      const report = await runAltExport({ ...options, sink, metrics, onProgress, onEvent })
      await display.close()
      if (values.json) terminal.print(JSON.stringify(report))
      else printAltExport(report, { sink, isEmptyFailure: isEmptyFailure(report, values) }, terminal)
      return exitCodeFor(report, values)
    })
  } finally {
    await folder.close()
  }
}

/** The definition in the file, or that which the options of `--all` make. Throws USAGE, CONFIG_INVALID. */
async function definitionOf(
  { all, since, until, slices, pageCount }: AltExportValues,
  [path]: readonly string[],
): Promise<AltExportDefinition> {
  if ((path === undefined) === (all === undefined))
    throw usage('give either a definition, or --all and a type')
  if (path !== undefined) {
    if ((since ?? until ?? slices ?? pageCount) !== undefined)
      throw usage('--since, --until, --slices and --page-count belong to --all')
    return readAltExportDefinition(path)
  }
  const written = {
    _type: all,
    _since: since,
    _till: until,
    _parallelizationCount: slices,
    _count: pageCount,
  }
  const given = Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined))
  return checkAltExportDefinition(given, 'of --all')
}

const INCREMENT: Series = {
  why: '--since adds this export to an earlier one',
  isSeparate: false,
  isAddedTo: true,
}

async function configured(
  path: string,
  values: AltExportValues,
  access: StoreAccess,
): Promise<CheckedConfig> {
  const { raw, baseFolder } = await readConfigAt(path, access)
  const { fhirVersion, allowRandomKeys, allowWeakKeys } = values
  const series = values.since === undefined ? undefined : INCREMENT
  return checkConfig(raw, { fhirVersion, baseFolder, allowRandomKeys, allowWeakKeys, series })
}

const runOptionsOf = (values: AltExportValues) =>
  ({
    connections: values.connections,
    idsPerRequest: values.idsPerRequest,
    idsPerItem: values.idsPerFile,
    ending: values.ending,
    onMismatch: values.onMismatch,
    isLenient: values.lenient,
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
  }) satisfies Partial<AltExportOptions>

function exitCodeFor(report: AltExportReport, values: AltExportValues): ExitCode {
  const { run } = report
  const [failed] = run.failed
  if (failed !== undefined) return exitCodeOfCode(failed.code)
  if (isEmptyFailure(report, values)) return EXIT.source
  return 'raw' in run || run.lines.quarantined === 0 ? EXIT.delivered : values.quarantineExit
}

/** Nothing came, not even lines to quarantine, where everything was asked for. */
const isEmptyFailure = ({ run, isEmpty }: AltExportReport, { since, allowEmpty }: AltExportValues): boolean =>
  isEmpty &&
  !allowEmpty &&
  run.failed.length === 0 &&
  since === undefined &&
  ('raw' in run || run.lines.quarantined === 0)
