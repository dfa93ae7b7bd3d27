import { baseFolderOf, type CheckedConfig, checkConfig, readConfigFile } from '../config/anonymizer-config.js'
import { planOf } from '../config/plan.js'
import { sluiceError } from '../errors.js'
import type { RunOptions } from '../pipeline/options.js'
import { runPipeline } from '../pipeline/run.js'
import { anonymizeStream } from '../pipeline/stream.js'
import { folderSink, folderSource } from '../storage/folder.js'
import { ANONYMIZE_OPTIONS, type AnonymizeValues } from './anonymize-options.js'
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.js'
import { required, usage } from './options.js'
import { printReport, printStreamTotals } from './report-text.js'
import { openRunDisplay } from './run-display.js'
import type { Terminal } from './terminal.js'

/** `sluice anonymize`. Throws what the configuration, the store and the pipeline throw. */
export async function anonymize(values: AnonymizeValues, terminal: Terminal): Promise<ExitCode> {
  const input = required(values.input, ANONYMIZE_OPTIONS.input)
  const output = required(values.output, ANONYMIZE_OPTIONS.output)
  const config = required(values.config, ANONYMIZE_OPTIONS.config)
  if ((input === '-') !== (output === '-'))
    throw usage('stdin goes to stdout: -i - and -o - belong together.')
  const checked = checkConfig(await readConfigFile(config), {
    fhirVersion: values.fhirVersion,
    baseFolder: baseFolderOf(config),
    allowRandomKeys: values.allowRandomKeys,
    validateInput: values.validateInput,
    validateOutput: values.validateOutput,
  })
  return input === '-'
    ? stream(values, checked, terminal)
    : files({ input, output }, values, checked, terminal)
}

async function files(
  { input, output }: { readonly input: string; readonly output: string },
  values: AnonymizeValues,
  checked: CheckedConfig,
  terminal: Terminal,
): Promise<ExitCode> {
  const display = await openRunDisplay(terminal, { isVerbose: values.verbose, hasBar: true })
  display.configured(checked)
  try {
    const sink = folderSink(output)
    const report = await runPipeline({
      ...sharedOptions(values, checked, terminal),
      source: folderSource(input),
      sink,
      quarantineContent: values.quarantineContent,
      maxQuarantined: values.maxQuarantined,
      overwrite: values.overwrite,
      skipExisting: values.skip,
      onProgress: display.onProgress,
      onEvent: display.onEvent,
    })
    await display.close()
    if (values.json) terminal.print(JSON.stringify(report))
    else printReport(report, sink, terminal)
    if (report.failed.length > 0) return exitCodeOf(failureOf(report.failed[0]))
    return report.lines.quarantined > 0 ? EXIT.someQuarantined : EXIT.delivered
  } finally {
    await display.close()
  }
}

async function stream(
  values: AnonymizeValues,
  checked: CheckedConfig,
  terminal: Terminal,
): Promise<ExitCode> {
  for (const name of ['quarantineContent', 'maxQuarantined', 'overwrite', 'skip', 'json'] as const)
    if (values[name])
      throw usage(`${ANONYMIZE_OPTIONS[name].flags.replace(/ <.*/, '')} needs files, not stdin.`)
  const display = await openRunDisplay(terminal, { isVerbose: values.verbose, hasBar: false })
  display.configured(checked)
  try {
    const totals = await anonymizeStream({
      ...sharedOptions(values, checked, terminal),
      input: terminal.stdin,
      output: terminal.stdout,
      onEvent: display.onEvent,
      onQuarantined: display.onQuarantined,
    })
    await display.close()
    printStreamTotals(totals, terminal)
    return totals.quarantined > 0 ? EXIT.someQuarantined : EXIT.delivered
  } finally {
    await display.close()
  }
}

const sharedOptions = (
  { asOf, workers, memoryBudget, maxLineBytes, gzip, onBadLine }: AnonymizeValues,
  checked: CheckedConfig,
  { signal }: Terminal,
) =>
  ({
    plan: planOf(checked, asOf),
    workers,
    memoryBudgetBytes: memoryBudget,
    maxLineBytes,
    gzip,
    onBadLine,
    signal,
  }) satisfies Partial<RunOptions>

const failureOf = ({
  code,
  message,
  item,
}: {
  code: Parameters<typeof sluiceError>[0]
  message: string
  item: string
}) => sluiceError(code, message, { blame: 'source', retry: 'later', at: item })
