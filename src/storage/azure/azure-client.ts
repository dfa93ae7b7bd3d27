import {
  BlobServiceClient,
  ContainerClient,
  newPipeline,
  type SignedIdentifier,
  StorageSharedKeyCredential,
} from '@azure/storage-blob'
import type { RequestLimits } from '../../http/request-limits.js'
import type { Retry } from '../../http/retry.js'
import { userAgent } from '../../http/user-agent.js'
import type { Secret } from '../../secret.js'
import type { BlobErrorContext } from './blob-errors.js'
import type { SasFacts } from './sas-facts.js'

/** How requests are authorized. */
export type Authorization =
  | { readonly kind: 'key'; readonly account: string; readonly key: Secret }
  | { readonly kind: 'sas'; readonly query: Secret; readonly facts: SasFacts }
  | { readonly kind: 'token'; readonly identity: TokenSource }

/** A TokenCredential of `@azure/identity`. Throws RequestFailure. */
export interface TokenSource {
  getToken(
    scopes: string | string[],
    options?: object,
  ): Promise<{ token: string; expiresOnTimestamp: number } | null>
}

export interface ContainerOptions {
  readonly endpoint: string
  readonly container: string
  /** Name for messages. */
  readonly place: string
  readonly role: BlobErrorContext['role']
  readonly authorization: Authorization
  /** Retries, shared by all containers of a run. */
  readonly retry: Retry
  readonly limits?: RequestLimits | undefined
  /** Blobs per page of a list; default: the service's maximum. */
  readonly pageCount?: number | undefined
}

/** A stored access policy, as held by the service. */
export type StoredPolicy = SignedIdentifier

/** Makes the SDK's client of a container, without its own retries. */
export function containerClient({ endpoint, container, authorization }: ContainerOptions): ContainerClient {
  const url = `${endpoint}/${encodeURIComponent(container)}`
  return authorization.kind === 'sas'
    ? new ContainerClient(`${url}?${authorization.query.reveal()}`, pipelineFor(authorization))
    : new ContainerClient(url, pipelineFor(authorization))
}

/** Makes the SDK's client of an account's blob service, without its own retries. */
export const serviceClient = ({ endpoint, authorization }: ContainerOptions): BlobServiceClient =>
  new BlobServiceClient(endpoint, pipelineFor(authorization))

function pipelineFor(authorization: Authorization) {
  const options = {
    retryOptions: { maxTries: 1 },
    userAgentOptions: { userAgentPrefix: userAgent() },
  }
  if (authorization.kind === 'sas') return newPipeline(undefined, options)
  return newPipeline(
    authorization.kind === 'key'
      ? new StorageSharedKeyCredential(authorization.account, authorization.key.reveal())
      : authorization.identity,
    options,
  )
}
