import type { ServerContext } from '../context.js'
import { identityGrant } from './managed-identity.js'
import { type SmartClient, smartGrant } from './smart-backend.js'
import { azureGrant, type ClientCredentials, clientSecretGrant, type Grant } from './token-grant.js'

/** How the client authenticates. Secrets have already been read from the configured places. */
export type ServerAuth =
  | { readonly type: 'none' }
  | { readonly type: 'bearer'; readonly token: string }
  | { readonly type: 'basic'; readonly username: string; readonly password: string }
  | ({ readonly type: 'client-credentials' } & ClientCredentials)
  | ({ readonly type: 'smart' } & SmartClient)
  | ({ readonly type: 'azure'; readonly tenantId: string; readonly authority?: string | undefined } & Omit<
      ClientCredentials,
      'tokenUrl'
    >)
  /** This process's Azure identity: managed or workload identity, environment, Azure CLI. */
  | { readonly type: 'managed-identity'; readonly scope?: string | undefined }

/** Supplies the Authorization header of a run's requests. */
export interface Authorizer {
  /** Returns the Authorization header, or undefined for none. Throws AUTH_FAILED, SERVICE_UNAVAILABLE, INTERRUPTED. */
  header(): Promise<string | undefined>
  /** Returns a new header after a 401 for `refused`, or undefined if there cannot be one. */
  renewed(refused: string): Promise<string | undefined>
}

/** Sends no request before the first call. */
export function createAuthorizer(auth: ServerAuth, context: ServerContext): Authorizer {
  switch (auth.type) {
    case 'none':
      return fixed(undefined)
    case 'bearer':
      return fixed(`Bearer ${auth.token}`)
    case 'basic':
      return fixed(`Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`)
    case 'client-credentials':
      return granted(clientSecretGrant(auth, context))
    case 'azure':
      return granted(azureGrant(auth, context))
    case 'smart':
      return granted(smartGrant(auth, context))
    case 'managed-identity':
      return granted(identityGrant(auth.scope, context))
  }
}

const fixed = (value: string | undefined): Authorizer => ({
  header: async () => value,
  renewed: async () => undefined,
})

// A token is renewed before its last minute, a short-lived one before its last fifth.
const MARGIN_MS = 60_000
const MARGIN_SHARE = 0.2

/** Caches a token until shortly before it expires. Concurrent callers share one request. */
function granted(grant: Grant): Authorizer {
  let current: { readonly value: string; readonly renewAtMs: number } | undefined
  let asking: Promise<string> | undefined
  const ask = async (): Promise<string> => {
    const askedMs = Date.now()
    const { token, lifetimeMs } = await grant()
    const marginMs = Math.min(MARGIN_MS, lifetimeMs * MARGIN_SHARE)
    current = { value: `Bearer ${token}`, renewAtMs: askedMs + lifetimeMs - marginMs }
    return current.value
  }
  const fresh = (): Promise<string> => {
    asking ??= ask().finally(() => {
      asking = undefined
    })
    return asking
  }
  return {
    async header() {
      return current !== undefined && Date.now() < current.renewAtMs ? current.value : fresh()
    },
    async renewed(refused) {
      if (current?.value === refused) current = undefined
      return current?.value ?? fresh()
    },
  }
}
