import { sluiceError } from '../../errors.js'
import { Secret } from '../../secret.js'
import type { CloudCredentials, StoreAccess } from '../access.js'
import type { Authorization } from './azure-client.js'
import { type BlobAddress, EMULATOR, type Emulator } from './blob-address.js'
import { checkSas } from './sas-facts.js'

/** The emulator's own key, published by Microsoft; it opens nothing else. */
const EMULATOR_KEY =
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

/** The emulator as it is configured. */
export const emulatorOf = ({
  emulator,
}: CloudCredentials): Emulator & { key?: string | undefined; sas?: string | undefined } => ({
  account: emulator?.account ?? EMULATOR.account,
  endpoint: emulator?.endpoint ?? EMULATOR.endpoint,
  key: emulator?.key ?? (emulator?.sas === undefined ? EMULATOR_KEY : undefined),
  sas: emulator?.sas,
})

/** Prefers a SAS in the address, then a key or SAS of this account, then the identity of this process. Throws USAGE, CONFIG_INVALID. */
export async function authorizationFor(address: BlobAddress, access: StoreAccess): Promise<Authorization> {
  if (address.sas !== undefined) return { kind: 'sas', ...address.sas }
  const credentials = access.credentials()
  const candidates = address.isEmulator ? [emulatorOf(credentials)] : credentials.accounts
  const own = candidates.filter(({ account }) => account === address.account)
  const { account } = address
  // A key signs and is not sent; a SAS is sent with each request, so only to the endpoint that it is for.
  for (const { key } of own) if (key !== undefined) return { kind: 'key', account, key: new Secret(key) }
  for (const { sas, endpoint } of own)
    if (sas !== undefined && (endpoint === undefined ? address.isAzure : endpoint === address.endpoint))
      return { kind: 'sas', query: new Secret(sas), facts: checkSas(sas, address.place) }
  if (!address.isAzure)
    throw sluiceError('USAGE', {
      at: address.place,
      message: `no credentials are given for the account ${account}`,
      help: 'set AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY, or give a SAS in the address',
    })
  const { defaultIdentity } = await import('./identity.js')
  return { kind: 'token', identity: defaultIdentity() }
}
