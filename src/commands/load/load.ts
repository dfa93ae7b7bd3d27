import { planOf } from '../../config/anonymizer/plan.js'
import type { LoadOptions, LoadReport } from '../../load/options.js'
import { runLoad } from '../../load/run.js'
import { targetName } from '../../load/target.js'
import { openLoadState, openSource } from '../../storage/open.js'
import type { Source } from '../../storage/store.js'
import { checkedConfigAt } from '../checked-config.js'
import type { RunDisplay } from '../display/run-display.js'
import { openRunDisplay } from '../display/run-display.js'
import type { Terminal } from '../display/terminal.js'
import { EXIT, type ExitCode, exitCodeOfCode } from '../exit-codes.js'
import { connectionOf } from '../server-options.js'
import { required, usage } from '../shared-options.js'
import { storeAccess } from '../store-access.js'
import { checkNoImport, importInto } from './import.js'
import { importText } from './import-text.js'
import { LOAD_OPTIONS, type LoadValues } from './options.js'
import { quietRetries } from './quiet-retries.js'
import { loadText } from './text.js'

/** `sluice load`. Throws what the source, the state and the server throw. */
export async function load(
  values: LoadValues,
  terminal: Terminal,
  [address, ...others]: readonly string[],
): Promise<ExitCode> {
  if (address === undefined || others.length > 0)
    throw usage('load needs one source: a folder, a file or an address')
  if (values.via !== 'import') checkNoImport(values)
  const base = required(values.to, LOAD_OPTIONS.to)
  const target = targetName(base)
  let shown: RunDisplay | undefined
  const access = storeAccess(terminal, {
    onRetry: ({ at, ...fields }) =>
      shown?.onEvent({ event: 'request.retried', level: 'info', item: at, ...fields }),
  })
  const source = await openSource(address, access)
  const state = await openLoadState(address, access, { target, state: values.state })
  const connection = await connectionOf(values, access)
  const checked =
    values.config === undefined ? undefined : await checkedConfigAt(values.config, values, access)
  const bytesTotal = terminal.isInteractive ? totalBytes(source) : () => undefined
  const display = await openRunDisplay(terminal, {
    isVerbose: values.verbose,
    hasBar: true,
    words: { lines: 'entries', quarantined: 'not loaded' },
  })
  shown = display
  try {
    if (checked !== undefined) display.configured(checked)
    const options: Omit<LoadOptions, 'onEvent'> = {
      ...connection,
      base,
      source,
      state,
      signal: terminal.signal,
      plan: checked && planOf(checked, values.asOf),
      workers: values.workers,
      method: values.method,
      order: values.order,
      keepVersions: values.keepVersions,
      splitTransactions: values.splitTransactions,
      maxEntries: values.batchSize,
      maxBundleBytes: values.batchBytes,
      connections: values.connections,
      allowEmpty: values.allowEmpty,
      retryStatuses: values.retryStatus,
      processingLogic: values.processing,
      repeatsFailures: values.retryErrors,
      onProgress: ({ bytesRead, loaded, failed, ambiguous }) =>
        display.onProgress({
          bytesRead,
          bytesTotal: bytesTotal(),
          lines: loaded + failed + ambiguous,
          quarantined: failed + ambiguous,
        }),
    }
    const onEvent = values.verbose ? display.onEvent : quietRetries(display.onEvent)
    const report =
      values.via === 'import'
        ? await importInto(values, { load: options, onEvent, access, address })
        : await runLoad({ ...options, onEvent })
    await display.close()
    if (typeof report === 'string') terminal.print(report)
    else if (values.json) terminal.print(JSON.stringify(report))
    else
      for (const line of 'via' in report ? importText(report, state.place) : loadText(report))
        terminal.print(line)
    return typeof report === 'string' ? EXIT.delivered : exitCodeFor(report)
  } finally {
    await display.close()
  }
}

/** Adds up the files in the background, for the bar. Undefined until that is done. */
function totalBytes(source: Source): () => number | undefined {
  let total: number | undefined
  const listed = async (): Promise<void> => {
    let sum = 0
    for await (const { bytes } of source.list(() => {})) sum += bytes
    total = sum
  }
  // The load itself says why a source cannot be listed.
  listed().catch(() => {})
  return () => total
}

function exitCodeFor({
  unreadable,
  failed,
  ambiguous,
}: Pick<LoadReport, 'unreadable' | 'failed' | 'ambiguous'>): ExitCode {
  const [first] = unreadable
  if (first !== undefined) return exitCodeOfCode(first.code)
  return failed + ambiguous > 0 ? EXIT.someQuarantined : EXIT.delivered
}
