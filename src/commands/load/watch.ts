import { SYSTEM_RETRY_CLOCK } from '../../http/retry-clock.js'
import { runLoad } from '../../load/run.js'
import type { Shelves } from '../../load/watch/put-away.js'
import { type WatchedPlace, watch } from '../../load/watch/watch.js'
import type { StoreAccess } from '../../storage/access.js'
import { openInbox } from '../../storage/open.js'
import { besides } from '../besides.js'
import { below } from '../display/report-text.js'
import { openRunDisplay, type RunDisplay, type ShownEvent } from '../display/run-display.js'
import type { Terminal } from '../display/terminal.js'
import { EXIT, type ExitCode } from '../exit-codes.js'
import { longFlag, usage } from '../shared-options.js'
import { type LoadSetting, openSetting } from './load-setting.js'
import type { LoadValues } from './options.js'
import { quietRetries } from './quiet-retries.js'
import { WATCH_OPTIONS } from './watch-options.js'

/** `sluice load --watch`: until a signal. A failure that may pass is reported and retried. */
export async function watchSources(
  values: LoadValues,
  terminal: Terminal,
  addresses: readonly string[],
): Promise<ExitCode> {
  checkWatch(values, addresses)
  let shown: RunDisplay | undefined
  const setting = await openSetting(values, terminal, (event) => shown?.onEvent(event))
  // A watch runs unattended for weeks, so it prints lines instead of a progress bar.
  const display = await openRunDisplay(
    { ...terminal, isInteractive: false },
    { isVerbose: values.verbose, hasBar: false },
  )
  shown = display
  try {
    if (setting.checked !== undefined) display.configured(setting.checked)
    const onEvent = values.verbose ? display.onEvent : quietRetries(display.onEvent)
    const places: WatchedPlace[] = []
    for (const address of addresses) places.push(await watchedPlace(address, { setting, values, onEvent }))
    await watch({
      places,
      clock: SYSTEM_RETRY_CLOCK,
      everyMs: values.every * 1000,
      settleMs: values.settle * 1000,
      signal: terminal.signal,
      onEvent,
    })
    return EXIT.delivered
  } finally {
    await display.close()
  }
}

interface PlaceSetting {
  readonly setting: LoadSetting
  readonly values: LoadValues
  readonly onEvent: (event: ShownEvent) => void
}

async function watchedPlace(
  address: string,
  { setting, values, onEvent }: PlaceSetting,
): Promise<WatchedPlace> {
  const options = await setting.optionsFor(address)
  return {
    inbox: await openInbox(address, setting.access),
    source: options.source,
    shelves: await shelvesFor(address, values, setting.access),
    audit: below(options.state.place, 'audit.ndjson'),
    errors: below(options.state.place, 'errors.ndjson'),
    load: (source, onItem) => runLoad({ ...options, allowEmpty: true, source, onItem, onEvent }),
  }
}

async function shelvesFor(
  address: string,
  { move, processed, failed }: LoadValues,
  access: StoreAccess,
): Promise<Shelves | undefined> {
  if (!move && processed === undefined && failed === undefined) return undefined
  return {
    processed: await openInbox(processed ?? besides(address, 'processed'), access),
    failed: await openInbox(failed ?? besides(address, 'err'), access),
  }
}

function checkWatch(values: LoadValues, addresses: readonly string[]): void {
  if (addresses.length === 0) throw usage('load --watch needs sources: folders or addresses')
  if (values.via === 'import') throw usage('--watch sends Bundles; it cannot be used with --via import')
  if (values.retryErrors) throw usage('--retry-errors loads once; it cannot be used with --watch')
  if (values.json) throw usage('--json prints one result; it cannot be used with --watch')
  if (addresses.length > 1 && (values.processed ?? values.failed) !== undefined)
    throw usage('--processed and --failed are for one source; --move gives each source its own')
}

/** Throws USAGE for an option that only a watch has. */
export function checkNoWatch(values: LoadValues): void {
  for (const name of ['move', 'processed', 'failed'] as const)
    if (values[name] !== undefined && values[name] !== false)
      throw usage(`${longFlag(WATCH_OPTIONS[name])} needs --watch`)
}
