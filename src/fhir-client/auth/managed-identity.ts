import { sluiceError } from '../../errors.js'
import { RequestFailure } from '../../http/request-failure.js'
import type { TokenSource } from '../../storage/azure/azure-client.js'
import type { ServerContext } from '../context.js'
import type { Grant } from './token-grant.js'

/** Gets tokens for this process's Azure identity. The scope defaults to that of the FHIR service. */
export function identityGrant(scope: string | undefined, { base, retry }: ServerContext): Grant {
  let identity: TokenSource | undefined
  return async () => {
    // This loads a large library that no other kind of authentication needs.
    identity ??= (await import('../../storage/azure/identity.js')).defaultIdentity()
    const source = identity
    const token = await retry
      .run({ at: 'identity' }, () =>
        source.getToken(scope ?? `${base.origin}/.default`, { abortSignal: retry.signal }),
      )
      .catch((error: unknown) => {
        throw error instanceof RequestFailure ? refused(error.message) : error
      })
    if (token === null) throw refused('no token')
    return { token: token.token, lifetimeMs: token.expiresOnTimestamp - Date.now() }
  }
}

const refused = (why: string) =>
  sluiceError('AUTH_FAILED', {
    at: 'identity',
    message: `the identity of this process did not give a token (${why})`,
    help: 'sign in, or check its role and the scope',
  })
