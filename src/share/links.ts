import { isSluiceError, sluiceError } from '../errors.js'
import type { Secret } from '../secret.js'
import { type AzureAccount, signedTime } from '../storage/azure/azure-account.js'
import type { BlobAddress } from '../storage/azure/blob-address.js'
import { addPolicy, removePolicy } from './policies.js'
import { type Sas, type SasSigner, signSas } from './sas.js'
import type { SharePermission, ShareScope, ShareTarget } from './scope.js'

/** A signer of links. */
export type ShareSigner =
  | { readonly kind: 'identity'; readonly account: AzureAccount }
  | { readonly kind: 'key'; readonly account: AzureAccount; readonly key: Secret }

export interface LinkTerms {
  readonly for: string
  readonly permissions: readonly SharePermission[]
  readonly hours: number
  /** Start of validity; default: 5 minutes ago, to allow for clocks that differ. */
  readonly startMs?: number | undefined
  /** IPv4: an address, or two with `-` between. */
  readonly ip?: string | undefined
  readonly isRevocable: boolean
}

export interface SignedLinks {
  readonly kind: 'user-delegation' | 'account-key' | 'stored-policy'
  readonly startsAt: string
  readonly expiresAt: string
  /** Directory object id of the signer of a user-delegation SAS. */
  readonly identity?: string
  /** Id of the stored access policy. */
  readonly policy?: string | undefined
  readonly links: readonly { readonly target: ShareTarget; readonly query: Secret }[]
  /** Removes the stored policy. */
  withdraw(): Promise<void>
}

const HOUR_MS = 3_600_000
const SKEW_MS = 5 * 60_000
const MAX_DELEGATED_MS = 7 * 24 * HOUR_MS

/**
 * Signs one SAS for each target: by the first signer that can. Throws USAGE where none can, SOURCE_DENIED where the
 * service lets none.
 */
export async function signLinks(
  { address, signers }: { readonly address: BlobAddress; readonly signers: readonly ShareSigner[] },
  scope: ShareScope,
  terms: LinkTerms,
  nowMs: number,
): Promise<SignedLinks> {
  const times = timesOf(terms, nowMs)
  const key = keySigner(signers)
  if (terms.isRevocable) {
    if (key === undefined) throw needsKey(address, '--revocable')
    return signByPolicy(address, scope, { terms, times, key })
  }
  const delegated = delegatedTimes(times, nowMs)
  const identity = delegated && signers.find((signer) => signer.kind === 'identity')
  if (delegated !== undefined && identity !== undefined)
    try {
      return await signByIdentity(address, scope, { terms, times: delegated, nowMs }, identity.account)
    } catch (error) {
      if (key === undefined || !isSluiceError(error) || error.code !== 'SOURCE_DENIED') throw error
    }
  if (key === undefined)
    throw refuse(
      address,
      'a link that an identity signs ends 7 days from now at the latest',
      'give fewer --hours, or the account key (AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY)',
    )
  return signed(address, scope, { terms, times, signer: key, kind: 'account-key' })
}

export const keySigner = (signers: readonly ShareSigner[]) => signers.find((signer) => signer.kind === 'key')

/** Makes the USAGE error for what only the account key can do, with what an identity can do instead. */
export const needsKey = (address: BlobAddress, option: string) =>
  refuse(
    address,
    `${option} needs the account key (AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY): only a stored access policy ends single links`,
    `give the key, or end all links that an identity signed, within minutes: ${revokeAllCommand(address)}`,
  )

/** Command that revokes every user-delegation SAS of the account; the blob service has no request for it. */
export const revokeAllCommand = ({ account }: Pick<BlobAddress, 'account'>): string =>
  `az storage account revoke-delegation-keys --name ${account}`

interface Times {
  readonly startsAt: Date
  readonly expiresAt: Date
}

function timesOf({ hours, startMs }: LinkTerms, nowMs: number): Times {
  const fromMs = startMs ?? nowMs
  return { startsAt: new Date(startMs ?? nowMs - SKEW_MS), expiresAt: new Date(fromMs + hours * HOUR_MS) }
}

/** Maximum validity of a user-delegation key: 7 days by the service's clock, which may be slightly behind. */
function delegatedTimes({ startsAt, expiresAt }: Times, nowMs: number): Times | undefined {
  const endMs = nowMs + MAX_DELEGATED_MS
  if (expiresAt.getTime() > endMs) return undefined
  return { startsAt, expiresAt: new Date(Math.min(expiresAt.getTime(), endMs - SKEW_MS)) }
}

async function signByIdentity(
  address: BlobAddress,
  scope: ShareScope,
  { terms, times, nowMs }: { readonly terms: LinkTerms; readonly times: Times; readonly nowMs: number },
  account: AzureAccount,
): Promise<SignedLinks> {
  const keyStart = new Date(Math.min(times.startsAt.getTime(), nowMs - SKEW_MS))
  const key = await account.delegationKey(keyStart, times.expiresAt)
  const signer = { kind: 'delegation', key } as const
  return {
    ...signed(address, scope, { terms, times, signer, kind: 'user-delegation' }),
    identity: key.objectId,
  }
}

async function signByPolicy(
  address: BlobAddress,
  scope: ShareScope,
  { terms, times, key }: { terms: LinkTerms; times: Times; key: ShareSigner & { readonly kind: 'key' } },
): Promise<SignedLinks> {
  const policy = await addPolicy(key.account, terms.for, {
    permissions: lettersOf(terms.permissions),
    startsOn: times.startsAt,
    expiresOn: times.expiresAt,
  })
  return {
    ...signed(address, scope, { terms, times, signer: key, kind: 'stored-policy', policy }),
    async withdraw() {
      await removePolicy(key.account, policy)
    },
  }
}

interface Signing {
  readonly terms: LinkTerms
  readonly times: Times
  readonly signer: SasSigner
  readonly kind: SignedLinks['kind']
  readonly policy?: string
}

function signed(
  { account, container, endpoint }: BlobAddress,
  scope: ShareScope,
  { terms, times, signer, kind, policy }: Signing,
): SignedLinks {
  const [startsAt, expiresAt] = [signedTime(times.startsAt), signedTime(times.expiresAt)]
  const shared: Omit<Sas, 'resource' | 'path'> = {
    account,
    container,
    ...(policy === undefined
      ? { terms: { permissions: lettersOf(terms.permissions), startsAt, expiresAt } }
      : { policy }),
    ip: terms.ip,
    protocol: endpoint.startsWith('https:') ? 'https' : 'https,http',
  }
  return {
    kind,
    startsAt,
    expiresAt,
    policy,
    links: scope.targets.map((target) => ({ target, query: signSas({ ...shared, ...target }, signer) })),
    withdraw: async () => {},
  }
}

/** Permissions in the service's order. */
const lettersOf = (permissions: readonly SharePermission[]): string =>
  (['read', 'list'] as const)
    .filter((permission) => permissions.includes(permission))
    .map((permission) => permission[0])
    .join('')

const refuse = ({ place }: BlobAddress, message: string, help: string) =>
  sluiceError('USAGE', { at: place, message, help })
