import { createPrivateKey, type KeyObject, randomUUID, sign } from 'node:crypto'
import { sluiceError } from '../../errors.js'
import { objectsIn, parseObject, textOf } from '../../http/body.js'
import { isWeb } from '../../http/client.js'
import type { ServerContext } from '../context.js'
import { checkRetryable, isRetryableStatus, translated } from '../failures.js'
import { scopeFor } from './scopes.js'
import { type Grant, requestToken } from './token-grant.js'

/** A client of SMART Backend Services (SMART App Launch 2.2, "Backend Services"). */
export interface SmartClient {
  readonly clientId: string
  /** A private JWK or a set of them (RFC 7517); an RSA key signs RS384, one on P-384 ES384. */
  readonly keys: object
  /** Which key of the set; default the first that the server's algorithms allow. */
  readonly kid?: string
  /** Default: as the server's `.well-known/smart-configuration` says. */
  readonly tokenUrl?: string
  /** Default: what the server lists, see `scopeFor`. */
  readonly scope?: string
  /** Where the public keys are registered, sent as `jku`. */
  readonly jwksUrl?: string
}

export type SigningAlgorithm = 'RS384' | 'ES384'

export interface SigningKey {
  readonly algorithm: SigningAlgorithm
  readonly kid: string
  readonly key: KeyObject
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const ASSERTION_SECONDS = 240

/** The server is asked for its endpoints once, the key is chosen once, each request has an assertion of its own. */
export function smartGrant(client: SmartClient, context: ServerContext): Grant {
  const usable = signingKeys(client.keys)
  let found: Promise<Endpoint> | undefined
  return async () => {
    found ??= endpointOf(client, context)
    const endpoint = await found.catch((error: unknown) => {
      found = undefined
      throw error
    })
    const key = chooseKey(usable, client.kid, endpoint.algorithms)
    return requestToken(context, endpoint.tokenUrl, () => ({
      form: {
        grant_type: 'client_credentials',
        scope: client.scope ?? endpoint.scope,
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: assertion(client, key, endpoint.tokenUrl.href),
      },
    }))
  }
}

/** Those of a JWK or JWK set that can sign. Throws CONFIG_INVALID for none. */
export function signingKeys(keys: object): readonly SigningKey[] {
  const { keys: set } = keys as { readonly keys?: unknown }
  const found = (Array.isArray(set) ? set : [keys]).flatMap((jwk) => signingKey(jwk) ?? [])
  if (found.length > 0) return found
  throw sluiceError(
    'CONFIG_INVALID',
    'holds no private key for RS384 (RSA, at least 2048 bits) or ES384 (P-384)',
    { blame: 'config', retry: 'never', at: 'auth.keys' },
  )
}

function signingKey(jwk: unknown): SigningKey | undefined {
  const { kty, crv, kid, d, use } = (jwk ?? {}) as Readonly<Record<string, unknown>>
  const algorithm = kty === 'RSA' ? 'RS384' : kty === 'EC' && crv === 'P-384' ? 'ES384' : undefined
  if (algorithm === undefined || typeof d !== 'string' || use === 'enc') return undefined
  try {
    const key = createPrivateKey({ key: jwk as Record<string, string>, format: 'jwk' })
    if ((key.asymmetricKeyDetails?.modulusLength ?? 2048) < 2048) return undefined
    return { algorithm, kid: typeof kid === 'string' ? kid : '', key }
  } catch {
    // Its text is a secret; that it cannot be used is all there is to say.
    return undefined
  }
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
      ? 'no signing key has the kid that the configuration names'
      : `the server takes ${algorithms.filter((name) => /^\w+$/.test(name)).join(', ')}, no key signs so`
  throw sluiceError('CONFIG_INVALID', why, { blame: 'config', retry: 'never', at: 'auth.keys' })
}

/** A signed JWT (RFC 7523), never used twice: `jti` differs and the time is now. */
export function assertion(
  { clientId, jwksUrl }: Pick<SmartClient, 'clientId' | 'jwksUrl'>,
  { algorithm, kid, key }: SigningKey,
  audience: string,
): string {
  const now = Math.floor(Date.now() / 1000)
  const head = {
    alg: algorithm,
    typ: 'JWT',
    ...(kid === '' ? {} : { kid }),
    ...(jwksUrl && { jku: jwksUrl }),
  }
  const claims = {
    iss: clientId,
    sub: clientId,
    aud: audience,
    jti: randomUUID(),
    iat: now,
    exp: now + ASSERTION_SECONDS,
  }
  const text = [head, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  // RFC 7518, 3.4: r and s side by side, not DER.
  const signature = sign('sha384', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' })
  return `${text}.${signature.toString('base64url')}`
}

interface Endpoint {
  readonly tokenUrl: URL
  /** Empty where the server does not say. */
  readonly algorithms: readonly string[]
  readonly scope: string
}

async function endpointOf(client: SmartClient, context: ServerContext): Promise<Endpoint> {
  const announced = await documentAt('.well-known/smart-configuration', context)
  const strings = (value: unknown): readonly string[] =>
    Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
  const supported = strings(announced?.scopes_supported)
  const isV2 = strings(announced?.capabilities).includes('permission-v2')
  const scope = scopeFor({ supported, isV2 }, context.types)
  const algorithms = strings(announced?.token_endpoint_auth_signing_alg_values_supported)
  const text = client.tokenUrl ?? announced?.token_endpoint ?? (await oauthUri(context))
  if (typeof text === 'string' && URL.canParse(text, context.base.href)) {
    const tokenUrl = new URL(text, context.base)
    const isEncrypted = tokenUrl.protocol === 'https:' || context.base.protocol === 'http:'
    if (isWeb(tokenUrl) && isEncrypted) return { tokenUrl, algorithms, scope }
  }
  throw sluiceError('AUTH_FAILED', 'names no token endpoint; set tokenUrl in the authentication file', {
    blame: 'config',
    retry: 'never',
    at: context.base.href,
  })
}

/** Older servers: the extension `oauth-uris` of the CapabilityStatement. */
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

const MOST_BYTES = 16 * 2 ** 20
const BELIEVED_PAGES = 3

/** Undefined where there is no such document. */
async function documentAt(
  path: string,
  { base, http, retry }: ServerContext,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const url = new URL(path, base)
  const headers = { accept: path === 'metadata' ? 'application/fhir+json' : 'application/json' }
  return translated(url.href, () =>
    retry.run({ at: url.href }, async (attempt) => {
      const answer = await http.send(url, { headers, signal: retry.signal })
      const text = await textOf(answer, MOST_BYTES)
      // Sites of one page answer so for every path that they do not have.
      const isMissingPage = path !== 'metadata' && attempt >= BELIEVED_PAGES
      if (!isMissingPage || isRetryableStatus(answer.status)) checkRetryable(answer, text)
      return answer.status === 200 ? parseObject(text) : undefined
    }),
  )
}
