import { sluiceError } from '../../errors.js'
import { objectsIn, parseObject, textOf } from '../../http/body.js'
import { isWeb } from '../../http/client.js'
import { ASSERTION_TYPE, type AssertingClient, signAssertion } from '../../http/client-assertion.js'
import { type SigningKey, signingKeysOf } from '../../http/jwt.js'
import type { ServerContext } from '../context.js'
import { checkRetryable, isRetryableStatus, translated } from '../failures.js'
import { scopeFor } from './scopes.js'
import { type Grant, requestToken } from './token-grant.js'

/** A client of SMART Backend Services (SMART App Launch 2.2, "Backend Services"). */
export interface SmartClient extends AssertingClient {
  /** A private JWK or a set of them (RFC 7517); an RSA key signs RS384, one on P-384 ES384. */
  readonly keys: object
  /** Id of the key to use; default: the first one that the server's algorithms allow. */
  readonly kid?: string | undefined
  /** Default: the endpoint in the server's `.well-known/smart-configuration`. */
  readonly tokenUrl?: string | undefined
  /** Default: chosen from what the server lists; see `scopeFor`. */
  readonly scope?: string | undefined
}

/** Discovers the endpoints and chooses the key once; each token request gets its own assertion. */
export function smartGrant(client: SmartClient, context: ServerContext): Grant {
  const usable = usableKeys(client.keys)
  let found: Promise<Endpoint> | undefined
  return async () => {
    found ??= endpointOf(client, context)
    const endpoint = await found.catch((error: unknown) => {
      found = undefined
      throw error
    })
    const key = chooseKey(usable, client.kid, endpoint.algorithms)
    return requestToken(context, endpoint.tokenUrl, async () => ({
      form: {
        grant_type: 'client_credentials',
        scope: client.scope ?? endpoint.scope,
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: await signAssertion(client, key, endpoint.tokenUrl.href),
      },
    }))
  }
}

/** Throws CONFIG_INVALID if no key can sign. */
function usableKeys(keys: object): readonly SigningKey[] {
  const usable = signingKeysOf(keys)
  if (usable.length > 0) return usable
  throw sluiceError('CONFIG_INVALID', {
    at: 'auth.keys',
    message: 'holds no private key for RS384 (RSA, at least 2048 bits) or ES384 (P-384)',
    help: 'add one',
  })
}

function chooseKey(
  keys: readonly SigningKey[],
  kid: string | undefined,
  algorithms: readonly string[],
): SigningKey {
  const named = kid === undefined ? keys : keys.filter((key) => key.kid === kid)
  const chosen = named.find(({ algorithm }) => algorithms.length === 0 || algorithms.includes(algorithm))
  if (chosen !== undefined) return chosen
  const why =
    named.length === 0
      ? 'no key that can sign has the configured kid'
      : `the server accepts only ${algorithms.filter((name) => /^\w+$/.test(name)).join(', ')}; no configured key can sign with it`
  throw sluiceError('CONFIG_INVALID', { at: 'auth.keys', message: why, help: 'add such a key' })
}

interface Endpoint {
  readonly tokenUrl: URL
  /** Empty if the server lists none. */
  readonly algorithms: readonly string[]
  readonly scope: string
}

async function endpointOf(client: SmartClient, context: ServerContext): Promise<Endpoint> {
  const announced = await documentAt('.well-known/smart-configuration', context)
  const strings = (value: unknown): readonly string[] =>
    Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
  const supported = strings(announced?.scopes_supported)
  const isV2 = strings(announced?.capabilities).includes('permission-v2')
  const scope = scopeFor({ supported, isV2 }, context.use)
  const algorithms = strings(announced?.token_endpoint_auth_signing_alg_values_supported)
  const text = client.tokenUrl ?? announced?.token_endpoint ?? (await oauthUri(context))
  if (typeof text === 'string' && URL.canParse(text, context.base.href)) {
    const tokenUrl = new URL(text, context.base)
    const isEncrypted = tokenUrl.protocol === 'https:' || context.base.protocol === 'http:'
    if (isWeb(tokenUrl) && isEncrypted) return { tokenUrl, algorithms, scope }
  }
  throw sluiceError('AUTH_FAILED', {
    at: context.base.href,
    message: 'names no token endpoint',
    help: 'set tokenUrl in the authentication file',
  })
}

/** Reads the extension `oauth-uris` of the CapabilityStatement, which older servers use. */
async function oauthUri(context: ServerContext): Promise<unknown> {
  const metadata = await documentAt('metadata', context)
  const [rest] = objectsIn(metadata?.rest)
  const { security } = (rest ?? {}) as { readonly security?: Entry | null }
  const uris = objectsIn(security?.extension).find(
    ({ url }) => typeof url === 'string' && url.endsWith('/oauth-uris'),
  )
  return objectsIn(uris?.extension).find(({ url }) => url === 'token')?.valueUri
}

type Entry = Readonly<Record<string, unknown>>

const MAX_BYTES = 16 * 2 ** 20
const BELIEVED_PAGES = 3

/** Returns undefined if there is no such document. */
async function documentAt(
  path: string,
  { base, http, retry, use }: ServerContext,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const url = new URL(path, base)
  const headers = { accept: path === 'metadata' ? 'application/fhir+json' : 'application/json' }
  return translated(url.href, use, () =>
    retry.run({ at: url.href }, async (attempt) => {
      const answer = await http.send(url, { headers, signal: retry.signal })
      const text = await textOf(answer, MAX_BYTES)
      // Single-page sites answer like this for every unknown path.
      const isMissingPage = path !== 'metadata' && attempt >= BELIEVED_PAGES
      if (!isMissingPage || isRetryableStatus(answer.status)) checkRetryable(answer, text)
      return answer.status === 200 ? parseObject(text) : undefined
    }),
  )
}
