import { createHmac } from 'node:crypto'
import { Secret } from '../secret.js'
import type { DelegationKey } from '../storage/azure/azure-account.js'

/** One link: what it opens, for how long. Times are UTC with whole seconds. */
export interface Sas {
  readonly account: string
  readonly container: string
  /** Of the blob or directory, not encoded; empty for the container. */
  readonly path: string
  readonly resource: 'blob' | 'directory' | 'container'
  /** Undefined where a stored access policy has them. */
  readonly terms?: SasTerms
  /** The id of a stored access policy. */
  readonly policy?: string
  /** IPv4: an address, or two with `-` between. */
  readonly ip?: string | undefined
  /** `https,http` is for the emulator. */
  readonly protocol: 'https' | 'https,http'
}

export interface SasTerms {
  /** In the order of the service: `r`, `rl`, `l`. */
  readonly permissions: string
  readonly startsAt: string
  readonly expiresAt: string
}

export type SasSigner =
  | { readonly kind: 'key'; readonly key: Secret }
  | { readonly kind: 'delegation'; readonly key: DelegationKey }

/**
 * A version whose strings to sign both the service and Azurite 3.35 know. The SDK signs for containers and
 * blobs only; for those the test holds this to the SDK's bytes.
 */
const VERSION = '2023-11-03'
const LETTER = { blob: 'b', directory: 'd', container: 'c' } as const

/** The query of a SAS ("Create a service SAS", "Create a user delegation SAS": version 2020-12-06 and later). */
export function signSas(sas: Sas, signer: SasSigner): Secret {
  const { path, resource, terms, policy, ip, protocol } = sas
  const letter = LETTER[resource]
  const delegation = signer.kind === 'delegation' ? signer.key : undefined
  const key = signer.kind === 'delegation' ? signer.key.value : signer.key
  const signature = createHmac('sha256', Buffer.from(key.reveal(), 'base64'))
    .update(stringToSign(sas, delegation))
    .digest('base64')
  const fields: readonly (readonly [string, string | undefined])[] = [
    ['sv', VERSION],
    ['sr', letter],
    ['sdd', resource === 'directory' ? String(path.split('/').length) : undefined],
    ['sp', terms?.permissions],
    ['st', terms?.startsAt],
    ['se', terms?.expiresAt],
    ['si', policy],
    ['sip', ip],
    ['spr', protocol],
    ['skoid', delegation?.objectId],
    ['sktid', delegation?.tenantId],
    ['skt', delegation?.startsAt],
    ['ske', delegation?.expiresAt],
    ['sks', delegation?.service],
    ['skv', delegation?.version],
    ['sig', signature],
  ]
  const given = fields.filter((field): field is readonly [string, string] => field[1] !== undefined)
  return new Secret(given.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&'))
}

function stringToSign(
  { account, container, path, resource, terms, policy, ip, protocol }: Sas,
  key: DelegationKey | undefined,
): string {
  const signedBy =
    key === undefined
      ? [policy]
      : // Behind them: authorized and unauthorized object id, correlation id.
        [key.objectId, key.tenantId, key.startsAt, key.expiresAt, key.service, key.version, '', '', '']
  return [
    terms?.permissions,
    terms?.startsAt,
    terms?.expiresAt,
    `/blob/${account}/${container}${path === '' ? '' : `/${path}`}`,
    ...signedBy,
    ip,
    protocol,
    VERSION,
    LETTER[resource],
    // Snapshot, encryption scope, and five headers of the answer.
    ...Array<string>(7).fill(''),
  ]
    .map((field) => field ?? '')
    .join('\n')
}
