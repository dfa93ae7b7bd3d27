import { DefaultAzureCredential } from '@azure/identity'
import { RequestFailure } from '../../http/request-failure.js'
import { userAgent } from '../../http/user-agent.js'
import type { TokenSource } from './azure-client.js'
import { NO_IDENTITY } from './blob-errors.js'

/** Tries environment, workload identity, managed identity and Azure CLI, in this order. */
export function defaultIdentity(): TokenSource {
  const chain = new DefaultAzureCredential({ userAgentOptions: { userAgentPrefix: userAgent() } })
  return {
    async getToken(scopes, options) {
      try {
        return await chain.getToken(scopes, options)
      } catch (error) {
        throw identityFailure(error)
      }
    },
  }
}

interface IdentityErrorShape {
  readonly name?: string
  readonly statusCode?: number
  readonly errorResponse?: { readonly errorDescription?: string }
  /** For a chain of credentials: the message of each member. */
  readonly errors?: readonly IdentityErrorShape[]
}

/** Returns only Entra's error code (`AADSTS…`), because the texts quote requests. */
function identityFailure(error: unknown): unknown {
  const shape = error as IdentityErrorShape
  if (shape.name === 'AbortError') return error
  const refused = [shape, ...(shape.errors ?? [])].find(({ name }) => name === 'AuthenticationError')
  const code = /AADSTS\d+/.exec(refused?.errorResponse?.errorDescription ?? '')?.[0] ?? NO_IDENTITY
  const status = refused?.statusCode
  return status !== undefined && (status === 429 || status >= 500)
    ? new RequestFailure({ status, code })
    : new RequestFailure({ code })
}
