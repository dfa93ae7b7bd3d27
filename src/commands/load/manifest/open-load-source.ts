import type { ConnectOptions } from '../../../fhir-client/connect.js'
import type { RetryEvent } from '../../../http/retry.js'
import type { StoreAccess } from '../../../storage/access.js'
import { openSource } from '../../../storage/open.js'
import type { Source, State } from '../../../storage/store.js'
import { connectionOf, type SERVER_OPTIONS } from '../../server-options.js'
import { usage, type Values } from '../../shared-options.js'
import { manifestAt } from './manifest-file.js'
import { manifestSource } from './manifest-source.js'
import type { MANIFEST_OPTIONS } from './options.js'
import type { TokenNeeds } from './server-files.js'

type ManifestValues = Values<typeof MANIFEST_OPTIONS & typeof SERVER_OPTIONS>

export interface LoadSourceOptions {
  readonly access: StoreAccess
  readonly state: State
  readonly signal: AbortSignal
  readonly onRetry: (retry: RetryEvent) => void
}

/** Opens what an address names: the files of a manifest, or the items there. Throws USAGE, CONFIG_INVALID, SOURCE_*. */
export async function openLoadSource(
  address: string,
  values: ManifestValues,
  options: LoadSourceOptions,
): Promise<{ readonly source: Source; readonly close: () => void }> {
  if (values.fromAuth !== undefined && values.from === undefined)
    throw usage('--from-auth needs --from: the address of the server that gets the token')
  const file = await manifestAt(address, options.access)
  if (file !== undefined) {
    const connection = (needs: TokenNeeds) => connectionFor(needs, values, options)
    const source = await manifestSource(file, { ...options, connection })
    return { source, close: source.close }
  }
  if (values.from !== undefined) throw usage('--from is for a source that is a Bulk Data manifest')
  return { source: await openSource(address, options.access), close: () => {} }
}

async function connectionFor(
  { requiresToken, firstUrl }: TokenNeeds,
  values: ManifestValues,
  { access, signal, onRetry }: LoadSourceOptions,
): Promise<ConnectOptions> {
  if (requiresToken && values.fromAuth === undefined)
    throw usage('the manifest says that its files need a token; give --from and --from-auth')
  return {
    ...(await connectionOf({ ...values, auth: values.fromAuth, trustOrigin: [] }, access)),
    base: values.from ?? firstUrl.origin,
    signal,
    onRetry,
  }
}
