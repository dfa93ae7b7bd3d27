import { isSluiceError } from '../../errors.js'
import { REQUEST_MS, withinLimit } from '../../http/request-limits.js'
import { Secret } from '../../secret.js'
import { type ContainerOptions, containerClient, type StoredPolicy, serviceClient } from './azure-client.js'
import { type BlobAction, blobError } from './blob-errors.js'
import { failureOf, fromService, wrongAnswer } from './blob-failure.js'

/** The key that signs a user-delegation SAS. Times are those of the key, as signed. */
export interface DelegationKey {
  readonly objectId: string
  readonly tenantId: string
  readonly startsAt: string
  readonly expiresAt: string
  readonly service: string
  readonly version: string
  readonly value: Secret
}

/** The stored access policies of a container; none was changed up to `readAtMs` of the service's clock and is not among them. */
export interface ContainerPolicies {
  readonly policies: readonly StoredPolicy[]
  readonly publicAccess?: 'container' | 'blob' | undefined
  readonly lastModified: Date
  readonly readAtMs: number
}

/** Requests to an account that are not about blobs. Throws what `BlobContainer` throws. */
export interface AzureAccount {
  /** Whether the account is hierarchical; undefined if the identity may not ask. */
  isHierarchical(): Promise<boolean | undefined>
  /** Gets a user-delegation key; needs an identity that may generate one. */
  delegationKey(startsAt: Date, expiresAt: Date): Promise<DelegationKey>
  /** Reads the stored access policies; needs the account key. */
  policies(): Promise<ContainerPolicies>
  /** Writes the policies; returns false if the container changed since they were read. Needs the account key. */
  setPolicies(policies: readonly StoredPolicy[], since: ContainerPolicies): Promise<boolean>
}

/** Formats a time as it is signed: UTC, whole seconds. */
export const signedTime = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`

export function azureAccount(options: ContainerOptions): AzureAccount {
  const { role, place, authorization, retry, limits = {} } = options
  const container = containerClient(options)
  const identity = authorization.kind
  const call = async <T>(
    needs: BlobAction['needs'],
    ask: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    const limit = { limitMs: limits.requestMs ?? REQUEST_MS, signals: [retry.signal] }
    try {
      return await retry.run({ at: place }, () =>
        withinLimit(limit, ask).catch((error: unknown) => {
          throw failureOf(error)
        }),
      )
    } catch (error) {
      throw blobError(error, { role, place, identity }, { at: place, needs })
    }
  }

  return {
    async isHierarchical() {
      try {
        const info = await call('read', (abortSignal) =>
          container.getAccountInfo({ abortSignal }).then(fromService),
        )
        return info.isHierarchicalNamespaceEnabled === true
      } catch (error) {
        if (isSluiceError(error) && error.code.endsWith('_DENIED')) return undefined
        throw error
      }
    },
    async delegationKey(startsAt, expiresAt) {
      const key = await call('delegate', async (abortSignal) => {
        const found = await serviceClient(options).getUserDelegationKey(startsAt, expiresAt, { abortSignal })
        // A login page has no key. Azurite 3.35 does not name the request here.
        if (!found.value) throw wrongAnswer()
        return found
      })
      return {
        objectId: key.signedObjectId,
        tenantId: key.signedTenantId,
        startsAt: signedTime(key.signedStartsOn),
        expiresAt: signedTime(key.signedExpiresOn),
        service: key.signedService,
        version: key.signedVersion,
        value: new Secret(key.value),
      }
    },
    /** The time comes from before: Azurite 3.35 gives that of the request with the policies. */
    async policies() {
      const before = await call('read', (abortSignal) =>
        container.getProperties({ abortSignal }).then(fromService),
      )
      const found = await call('read', (abortSignal) =>
        container.getAccessPolicy({ abortSignal }).then(fromService),
      )
      return {
        policies: found.signedIdentifiers,
        publicAccess: found.blobPublicAccess,
        lastModified: before.lastModified ?? new Date(0),
        readAtMs: before.date?.getTime() ?? Date.now(),
      }
    },
    /** Set Container ACL supports only the condition `If-Unmodified-Since`. */
    setPolicies(policies, { publicAccess, lastModified }) {
      return call('write', async (abortSignal) => {
        try {
          // The SDK requires an object even if the service sent none.
          const complete = policies.map((policy) => ({ ...policy, accessPolicy: policy.accessPolicy ?? {} }))
          const conditions = { ifUnmodifiedSince: lastModified }
          fromService(await container.setAccessPolicy(publicAccess, complete, { abortSignal, conditions }))
          return true
        } catch (error) {
          if (failureOf(error).status === 412) return false
          throw error
        }
      })
    },
  }
}
