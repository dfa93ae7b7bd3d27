import { type ConnectOptions, connect } from '../fhir-client/connect.js'
import { createPace } from '../fhir-client/pace.js'
import { probeServer } from '../fhir-client/probe.js'
import { SYSTEM_RETRY_CLOCK } from '../http/retry-clock.js'
import { openSecrets } from '../pipeline/checkpoint/run-secrets.js'
import { packageVersion } from '../version.js'
import { Audit } from './audit/audit.js'
import { createInterruption } from './interruption.js'
import { Load, type LoadParts } from './load.js'
import { type LoadOptions, leftOut, retriedEvent } from './options.js'
import { createPreparer, type Preparer } from './prepare/preparer.js'
import type { Search } from './prepare/search.js'
import { serverSearch } from './prepare/server-search.js'
import { createBundleCutter } from './send/bundle-cutter.js'
import { createSender } from './send/sender.js'
import { lockLoadState, settleTarget } from './target.js'

const MAX_ENTRIES = 500
const MAX_BUNDLE_BYTES = 8 * 2 ** 20
const MAX_CONNECTIONS = 8
// Bundles that wait for their turn are ready when it comes.
const BUNDLES_FOR_EACH_CONNECTION = 2
const MAX_BYTES_UNDER_WAY = 128 * 2 ** 20

/** Takes the lock of the state, reads what earlier runs settled, and makes all parts of a load. */
export async function openLoad(options: LoadOptions): Promise<Load> {
  const closing: (() => Promise<void> | void)[] = []
  const close = async (): Promise<void> => {
    let failure: { readonly reason: unknown } | undefined
    // The lock is given up whatever fails before.
    for (const each of closing.splice(0).reverse())
      try {
        await each()
      } catch (reason) {
        failure ??= { reason }
      }
    if (failure !== undefined) throw failure.reason
  }
  try {
    return new Load(options, await openParts(options, closing, close))
  } catch (error) {
    await close()
    throw error
  }
}

/** Notes in `closing` what must be closed, in the order of opening. */
async function openParts(
  options: LoadOptions,
  closing: (() => Promise<void> | void)[],
  close: () => Promise<void>,
): Promise<LoadParts> {
  const { onEvent = () => {}, connections = MAX_CONNECTIONS, clock = SYSTEM_RETRY_CLOCK } = options
  const { retryStatuses, processingLogic, silenceMs } = options
  const { maxEntries = MAX_ENTRIES, maxBundleBytes = MAX_BUNDLE_BYTES } = options
  const interruption = createInterruption(options.signal)
  closing.push(interruption.close)
  const connection: ConnectOptions = {
    ...options,
    signal: interruption.cutSignal,
    onRetry: (retry) => onEvent(retriedEvent(retry)),
    use: { access: 'write', types: [], refused: 'LOAD_REFUSED', invalid: 'LOAD_INVALID' },
  }
  const server = connect(connection)
  closing.push(() => server.http.close())
  closing.push(await lockLoadState(options))
  const audit = await openAudit(options)
  closing.push(() => audit.close())
  await settleTarget(server.base.href, options)
  await audit.begin(runFacts(server.base.href, options))
  onEvent({ event: 'load.started', level: 'info', base: server.base.href })
  const pace = interruption.counted(createPace({ max: connections, clock, signal: interruption.signal }))
  const preparer = await openPreparer(options, serverSearch(server, pace))
  closing.push(() => preparer.close())
  return {
    audit,
    preparer,
    cutter: createBundleCutter({ maxEntries, maxBytes: maxBundleBytes }),
    sender: createSender({ server, pace, retryStatuses, processingLogic, silenceMs }),
    interruption,
    deliveryLimits: { maxCount: connections * BUNDLES_FOR_EACH_CONNECTION, maxBytes: MAX_BYTES_UNDER_WAY },
    entryLimits: {
      maxTransactionEntries: maxEntries,
      maxTransactionBytes: maxBundleBytes,
      splitTransactions: options.splitTransactions ?? false,
      method: options.method ?? 'put',
      onEvent: (event) => onEvent(leftOut(event)),
    },
    base: server.base.href,
    checkServer: async () => void (await probeServer(connection)),
    close,
  }
}

/** What the audit says of a run. */
const runFacts = (base: string, { source, method, order, repeatsFailures, plan }: LoadOptions) => ({
  version: packageVersion(),
  base,
  source: source.place,
  method: method ?? 'put',
  order: order ?? 'input',
  ...(repeatsFailures === true && { repeatsFailures }),
  ...(plan !== undefined && { configuration: plan.configuration?.sha256 }),
})

export const openAudit = ({
  state,
  repeatsFailures,
  faultPoint,
  onEvent = () => {},
}: LoadOptions): Promise<Audit> =>
  Audit.open({
    state,
    repeatsFailures,
    onDamaged: (lineCount) => onEvent({ event: 'audit.damaged', level: 'warn', lineCount }),
    onLost: (entryCount) => onEvent({ event: 'load.lost', level: 'warn', entryCount }),
    onErrorsKept: () => faultPoint?.('after-errors'),
  })

/** With a configuration, resumed loads use the keys of the first one. */
export async function openPreparer(options: LoadOptions, search: Search): Promise<Preparer> {
  const { method = 'put', keepVersions = false, plan, source, state } = options
  if (plan === undefined) return createPreparer({ method, keepVersions, search })
  const { secrets } = await openSecrets(state, plan)
  const spec = plan.settle(secrets)
  return createPreparer({
    method,
    keepVersions,
    search,
    anonymizer: { ...options, spec, folderName: source.folderName },
  })
}
