import { createHttpClient } from '../http/client.js'
import type { RequestLimits } from '../http/request-limits.js'
import type { Retry } from '../http/retry.js'
import { Secret } from '../secret.js'
import type { BlobAddress } from '../storage/azure/blob-address.js'
import type { BlobContainer } from '../storage/azure/blob-container.js'
import { type AuditPlace, writeAudit } from './audit.js'
import {
  keySigner,
  type LinkTerms,
  needsKey,
  type ShareSigner,
  type SignedLinks,
  signLinks,
} from './links.js'
import { removePolicies } from './policies.js'
import { firstTarget, type ShareScope, type ShareTarget, scopeOf } from './scope.js'
import { listUrl, pathInUrl, type Trial, verifyLink } from './trial.js'

/** The store to share from, and who may sign. */
export interface SharePlace {
  readonly address: BlobAddress
  readonly container: BlobContainer
  /** `shares.ndjson` of the folder that a file lies in, or of the shared folder itself. */
  readonly auditOf: (folder: string) => AuditPlace
  /** Signers, at least one, the preferred one first. */
  readonly signers: readonly ShareSigner[]
  readonly retry: Retry
  readonly limits?: RequestLimits | undefined
}

export interface ShareRequest extends LinkTerms {
  /** The person who shares, as named in the audit log. */
  readonly by: string
  readonly isVerified: boolean
  /** Also share output that is incomplete or not made by Sluice. */
  readonly isForced: boolean
  /** Throws a reason not to share these files; called once they are known. */
  readonly prove?: (() => Promise<void>) | undefined
}

/** Result of sharing. The links are secrets, shown once. */
export interface Shared extends Omit<SignedLinks, 'links' | 'withdraw'> {
  readonly scope: ShareScope
  readonly links: readonly ShareLink[]
  readonly permissions: ShareRequest['permissions']
  /** Location of the audit line. */
  readonly audit: string
  /** Address for listing; the SAS is appended after `&`. Undefined if listing is not allowed. */
  readonly listUrl?: string
}

export interface ShareLink {
  /** Path of the file below the shared place; empty for the whole. */
  readonly name: string
  readonly url: Secret
}

const TRIALS_AT_ONCE = 8
const POLICY_PATIENCE_MS = 60_000

/**
 * Makes the links, tries them if that is asked for, and writes the audit line before it returns them. Throws USAGE for
 * what must not be shared so, SOURCE_* and SINK_* for what the service refuses, and what `verifyLink` throws.
 */
export async function share(place: SharePlace, request: ShareRequest, nowMs = Date.now()): Promise<Shared> {
  const { address, container, signers } = place
  const scope = await scopeOf({
    address,
    container,
    permissions: request.permissions,
    isForced: request.isForced,
    isHierarchical: async () => signers[0]?.account.isHierarchical(),
  })
  await request.prove?.()
  const signed = await signLinks(place, scope, request, nowMs)
  const audit = place.auditOf(folderOf(address, scope))
  try {
    if (request.isVerified) await verifyAll(place, request, { scope, signed })
    await writeAudit(audit, auditLine(address, request, { scope, signed }))
  } catch (error) {
    await signed.withdraw()
    throw error
  }
  const { links, withdraw, ...facts } = signed
  const linkOf = ({ target, query }: (typeof links)[number]): ShareLink => {
    const path = target.resource === 'blob' ? target.path : address.path
    return {
      name: target.resource === 'blob' ? nameBelow(scope, target) : '',
      url: new Secret(`${urlOf(address, path)}?${query.reveal()}`),
    }
  }
  return {
    ...facts,
    scope,
    permissions: request.permissions,
    audit: audit.place,
    links: links.map(linkOf),
    ...(request.permissions.includes('list')
      ? { listUrl: listUrl(address.endpoint, address.container, firstTarget(scope), scope.prefix) }
      : {}),
  }
}

/**
 * Revokes all revocable links of a name and returns the ids of their policies. Throws USAGE without the account key.
 */
export async function revoke(
  { address, signers, auditOf }: SharePlace,
  { for: forName, by }: Pick<ShareRequest, 'for' | 'by'>,
): Promise<readonly string[]> {
  const key = keySigner(signers)
  if (key === undefined) throw needsKey(address, '--revoke')
  const policies = await removePolicies(key.account, forName)
  if (policies.length > 0)
    await writeAudit(auditOf(address.path), {
      at: new Date().toISOString(),
      event: 'revoked',
      by,
      for: forName,
      what: address.place,
      policies,
    })
  return policies
}

interface Made {
  readonly scope: ShareScope
  readonly signed: SignedLinks
}

async function verifyAll(place: SharePlace, request: ShareRequest, { scope, signed }: Made): Promise<void> {
  const http = createHttpClient()
  const requests = { http, retry: place.retry, limits: place.limits, place: place.address.place }
  const { endpoint, container } = place.address
  const { permissions, ip } = request
  const trialOf = ({ target, query }: SignedLinks['links'][number]): Trial => ({
    endpoint,
    container,
    target,
    sample: target.resource === 'blob' ? target.path : scope.sample,
    permissions,
    query,
    ip,
    patienceMs: signed.kind === 'stored-policy' ? POLICY_PATIENCE_MS : 0,
  })
  try {
    for (let from = 0; from < signed.links.length; from += TRIALS_AT_ONCE)
      await Promise.all(
        signed.links.slice(from, from + TRIALS_AT_ONCE).map((link) => verifyLink(trialOf(link), requests)),
      )
  } finally {
    http.close()
  }
}

function auditLine({ place }: BlobAddress, request: ShareRequest, { scope, signed }: Made) {
  const { kind, startsAt, expiresAt, identity, policy } = signed
  return {
    at: new Date().toISOString(),
    event: 'shared',
    by: request.by,
    for: request.for,
    what: place,
    resource: firstTarget(scope).resource,
    fileCount: scope.fileCount,
    permissions: request.permissions,
    startsAt,
    expiresAt,
    ip: request.ip,
    kind,
    identity,
    policy,
    isVerified: request.isVerified,
    isForced: request.isForced,
  } as const
}

const urlOf = ({ endpoint, container }: BlobAddress, path: string): string =>
  [endpoint, encodeURIComponent(container), ...(path === '' ? [] : [pathInUrl(path)])].join('/')

const nameBelow = ({ what, prefix }: ShareScope, { path }: ShareTarget): string =>
  what === 'folder' ? path.slice(prefix.length) : path.slice(path.lastIndexOf('/') + 1)

const folderOf = ({ path }: BlobAddress, { what }: ShareScope): string =>
  what === 'folder' ? path : path.slice(0, Math.max(0, path.lastIndexOf('/')))
