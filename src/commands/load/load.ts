import type { LoadReport } from '../../load/options.js'
import { runLoad } from '../../load/run.js'
import type { Source } from '../../storage/store.js'
import { openRunDisplay, type RunDisplay } from '../display/run-display.js'
import type { Terminal } from '../display/terminal.js'
import { EXIT, type ExitCode, exitCodeOfCode } from '../exit-codes.js'
import { usage } from '../shared-options.js'
import { checkNoImport, importInto } from './import.js'
import { importText } from './import-text.js'
import { openSetting } from './load-setting.js'
import type { LoadValues } from './options.js'
import { quietRetries } from './quiet-retries.js'
import { loadText } from './text.js'
import { checkNoWatch, watchSources } from './watch.js'

/** `sluice load`. Throws what the source, the state and the server throw. */
export async function load(
  values: LoadValues,
  terminal: Terminal,
  addresses: readonly string[],
): Promise<ExitCode> {
  if (values.via !== 'import') checkNoImport(values)
  if (values.watch) return watchSources(values, terminal, addresses)
  checkNoWatch(values)
  const [address, ...others] = addresses
  if (address === undefined || others.length > 0)
    throw usage('load needs one source: a folder, a file or an address; --watch takes several')
  let shown: RunDisplay | undefined
  const { access, checked, optionsFor, close } = await openSetting(values, terminal, (event) =>
    shown?.onEvent(event),
  )
  const options = await optionsFor(address)
  const { source, state } = options
  const bytesTotal = terminal.isInteractive ? totalBytes(source) : () => undefined
  const display = await openRunDisplay(terminal, {
    isVerbose: values.verbose,
    hasBar: true,
    words: { lines: 'entries', quarantined: 'not loaded' },
  })
  shown = display
  try {
    if (checked !== undefined) display.configured(checked)
    const onEvent = values.verbose ? display.onEvent : quietRetries(display.onEvent)
    const onProgress: typeof options.onProgress = ({ bytesRead, loaded, failed, ambiguous }) =>
      display.onProgress({
        bytesRead,
        bytesTotal: bytesTotal(),
        lines: loaded + failed + ambiguous,
        quarantined: failed + ambiguous,
      })
    const report =
      values.via === 'import'
        ? await importInto(values, { load: { ...options, onProgress }, onEvent, access, address })
        : await runLoad({ ...options, onProgress, onEvent })
    await display.close()
    if (typeof report === 'string') terminal.print(report)
    else if (values.json) terminal.print(JSON.stringify(report))
    else
      for (const line of 'via' in report ? importText(report, state.place) : loadText(report))
        terminal.print(line)
    return typeof report === 'string' ? EXIT.delivered : exitCodeFor(report)
  } finally {
    close()
    await display.close()
  }
}

/** Adds up the files in the background, for the bar. Undefined until that is done. */
function totalBytes(source: Source): () => number | undefined {
  let total: number | undefined
  const listed = async (): Promise<void> => {
    let sum = 0
    for await (const { bytes } of source.list(() => {}, { archives: true })) sum += bytes
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
