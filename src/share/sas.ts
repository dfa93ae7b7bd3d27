import {
  DataLakeSASPermissions,
  type DataLakeSASSignatureValues,
  DirectorySASPermissions,
  FileSystemSASPermissions,
  generateDataLakeSASQueryParameters,
  SASProtocol,
  type SasIPRange,
  StorageSharedKeyCredential,
} from '@azure/storage-file-datalake'
import { Secret } from '../secret.js'
import type { DelegationKey } from '../storage/azure/azure-account.js'

/** A link: its target and validity. Times are UTC in whole seconds. */
export interface Sas {
  readonly account: string
  readonly container: string
  /** Path of the blob or directory, not encoded; empty for the container. */
  readonly path: string
  readonly resource: 'blob' | 'directory' | 'container'
  /** Permissions; undefined if a stored access policy holds them. */
  readonly terms?: SasTerms
  /** The id of a stored access policy. */
  readonly policy?: string
  /** IPv4: an address, or two with `-` between. */
  readonly ip?: string | undefined
  /** `https,http` is for the emulator. */
  readonly protocol: 'https' | 'https,http'
}

export interface SasTerms {
  /** Permissions in the service's order: `r`, `rl`, `l`. */
  readonly permissions: string
  readonly startsAt: string
  readonly expiresAt: string
}

export type SasSigner =
  | { readonly kind: 'key'; readonly key: Secret }
  | { readonly kind: 'delegation'; readonly key: DelegationKey }

/** Service version whose strings to sign are known to both the service and Azurite 3.35. */
const VERSION = '2023-11-03'

const PERMISSIONS = {
  blob: DataLakeSASPermissions,
  directory: DirectorySASPermissions,
  container: FileSystemSASPermissions,
}

/**
 * The query of a SAS. Signed by the Data Lake library, because that for blobs signs no directories; for blobs and
 * containers the signatures of both are the same.
 */
export function signSas(sas: Sas, signer: SasSigner): Secret {
  const values = valuesOf(sas)
  const { account } = sas
  const query =
    signer.kind === 'key'
      ? generateDataLakeSASQueryParameters(
          values,
          new StorageSharedKeyCredential(account, signer.key.reveal()),
        )
      : generateDataLakeSASQueryParameters(values, userDelegationKey(signer.key), account)
  return new Secret(query.toString())
}

function valuesOf({
  container,
  path,
  resource,
  terms,
  policy,
  ip,
  protocol,
}: Sas): DataLakeSASSignatureValues {
  return {
    version: VERSION,
    fileSystemName: container,
    protocol: protocol === 'https' ? SASProtocol.Https : SASProtocol.HttpsAndHttp,
    ...(resource === 'container' ? {} : { pathName: path, isDirectory: resource === 'directory' }),
    ...(terms === undefined
      ? {}
      : {
          permissions: PERMISSIONS[resource].parse(terms.permissions),
          startsOn: new Date(terms.startsAt),
          expiresOn: new Date(terms.expiresAt),
        }),
    ...(policy === undefined ? {} : { identifier: policy }),
    ...(ip === undefined ? {} : { ipRange: ipRangeOf(ip) }),
  }
}

function ipRangeOf(ip: string): SasIPRange {
  const [start = ip, end] = ip.split('-')
  return end === undefined ? { start } : { start, end }
}

const userDelegationKey = (key: DelegationKey) => ({
  signedObjectId: key.objectId,
  signedTenantId: key.tenantId,
  signedStartsOn: new Date(key.startsAt),
  signedExpiresOn: new Date(key.expiresAt),
  signedService: key.service,
  signedVersion: key.version,
  value: key.value.reveal(),
})
