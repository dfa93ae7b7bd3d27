import type { CheckedConfig } from '../../config/anonymizer/configuration.js'
import { planOf } from '../../config/anonymizer/plan.js'
import type { LoadOptions } from '../../load/options.js'
import { targetName } from '../../load/target.js'
import type { StoreAccess } from '../../storage/access.js'
import { openLoadState, openSource } from '../../storage/open.js'
import { checkedConfigAt } from '../checked-config.js'
import type { ShownEvent } from '../display/run-display.js'
import type { Terminal } from '../display/terminal.js'
import { connectionOf } from '../server-options.js'
import { required } from '../shared-options.js'
import { storeAccess } from '../store-access.js'
import { LOAD_OPTIONS, type LoadValues } from './options.js'

/** What the options ask for, whatever the source. */
export interface LoadSetting {
  readonly access: StoreAccess
  readonly checked: CheckedConfig | undefined
  /** The options of loading from an address. Throws USAGE, CONFIG_INVALID. */
  optionsFor(address: string): Promise<Omit<LoadOptions, 'onEvent'>>
}

/** Reads what the options name. Throws USAGE, CONFIG_INVALID, KEY_MISSING and what a store throws. */
export async function openSetting(
  values: LoadValues,
  terminal: Terminal,
  onEvent: (event: ShownEvent) => void,
): Promise<LoadSetting> {
  const base = required(values.to, LOAD_OPTIONS.to)
  const target = targetName(base)
  const access = storeAccess(terminal, {
    onRetry: ({ at, ...fields }) => onEvent({ event: 'request.retried', level: 'info', item: at, ...fields }),
  })
  const connection = await connectionOf(values, access)
  const checked =
    values.config === undefined ? undefined : await checkedConfigAt(values.config, values, access)
  return {
    access,
    checked,
    optionsFor: async (address) => ({
      ...connection,
      base,
      source: await openSource(address, access),
      state: await openLoadState(address, access, { target, state: values.state }),
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
    }),
  }
}
