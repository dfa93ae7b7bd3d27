import type { CheckedConfig } from '../../config/anonymizer/configuration.js'
import { planOf } from '../../config/anonymizer/plan.js'
import type { RetryEvent } from '../../http/retry.js'
import type { LoadOptions } from '../../load/options.js'
import { targetName } from '../../load/target.js'
import type { StoreAccess } from '../../storage/access.js'
import { openLoadState } from '../../storage/open.js'
import { checkedConfigAt } from '../checked-config.js'
import type { ShownEvent } from '../display/run-display.js'
import type { Terminal } from '../display/terminal.js'
import { connectionOf } from '../server-options.js'
import { required } from '../shared-options.js'
import { storeAccess } from '../store-access.js'
import { openLoadSource } from './manifest/open-load-source.js'
import { LOAD_OPTIONS, type LoadValues } from './options.js'

/** What the options ask for, whatever the source. */
export interface LoadSetting {
  readonly access: StoreAccess
  readonly checked: CheckedConfig | undefined
  /** The options of loading from an address. Throws USAGE, CONFIG_INVALID. */
  optionsFor(address: string): Promise<Omit<LoadOptions, 'onEvent'>>
  /** Ends the connections to where sources are. */
  close(): void
}

/** Reads what the options name. Throws USAGE, CONFIG_INVALID, KEY_MISSING and what a store throws. */
export async function openSetting(
  values: LoadValues,
  terminal: Terminal,
  onEvent: (event: ShownEvent) => void,
): Promise<LoadSetting> {
  const base = required(values.to, LOAD_OPTIONS.to)
  const target = targetName(base)
  const onRetry = ({ at, ...fields }: RetryEvent): void =>
    onEvent({ event: 'request.retried', level: 'info', item: at, ...fields })
  const access = storeAccess(terminal, { onRetry })
  const connection = await connectionOf(values, access)
  const checked =
    values.config === undefined ? undefined : await checkedConfigAt(values.config, values, access)
  const { signal } = terminal
  const closing: (() => void)[] = []
  const opened = async (address: string) => {
    const state = await openLoadState(address, access, { target, state: values.state })
    const { source, close } = await openLoadSource(address, values, { access, state, signal, onRetry })
    closing.push(close)
    return { source, state }
  }
  return {
    access,
    checked,
    close: () => {
      for (const close of closing) close()
    },
    optionsFor: async (address) => ({
      ...connection,
      base,
      ...(await opened(address)),
      signal,
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
