import {
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
  SignJWT,
} from 'jose'

/** Where public keys come from: the keys themselves, or an address that has them. */
export type KeySet = { readonly keys: readonly object[] } | { readonly url: string }

/** What an access token says. */
export interface TokenFacts {
  readonly client: string
  /** Parted by spaces. */
  readonly scopes: string
}

// Asymmetric only: a shared key of an issuer is not ours to know.
const ACCESS_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
]
/** SMART Backend Services. */
export const ASSERTION_ALGORITHMS = ['RS384', 'ES384']
const KEYS_TIMEOUT_MS = 5000
const CLOCK_TOLERANCE_SECONDS = 5

export type Keys = JWTVerifyGetKey

/** Keys that are fetched when first needed, and again where a token names one that is not known. */
export const keysOf = (set: KeySet): Keys =>
  'url' in set
    ? createRemoteJWKSet(new URL(set.url), { timeoutDuration: KEYS_TIMEOUT_MS })
    : createLocalJWKSet({ keys: [...set.keys] } as JSONWebKeySet)

/** The facts of another issuer's access token; rejects for one that is not valid. */
export async function verifyIssued(
  token: string,
  { keys, issuer, audience }: { readonly keys: Keys; readonly issuer: string; readonly audience: string },
): Promise<TokenFacts> {
  const { payload } = await jwtVerify(token, keys, {
    issuer,
    audience,
    algorithms: ACCESS_ALGORITHMS,
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    requiredClaims: ['exp'],
  })
  return factsOf(payload)
}

/** The facts of an access token of this server. */
export async function verifyOwn(
  token: string,
  { secret, issuer }: { readonly secret: Uint8Array; readonly issuer: string },
): Promise<TokenFacts> {
  const { payload } = await jwtVerify(token, secret, {
    issuer,
    audience: issuer,
    algorithms: ['HS256'],
    typ: 'at+jwt',
    requiredClaims: ['exp', 'sub'],
  })
  return factsOf(payload)
}

/** An access token of this server. */
export const signOwn = (
  { client, scopes }: TokenFacts,
  {
    secret,
    issuer,
    seconds,
  }: { readonly secret: Uint8Array; readonly issuer: string; readonly seconds: number },
): Promise<string> =>
  new SignJWT({ scope: scopes, client_id: client })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .setIssuer(issuer)
    .setAudience(issuer)
    .setSubject(client)
    .setIssuedAt()
    .setExpirationTime(`${seconds} seconds`)
    .sign(secret)

/** Azure names the client `appid` or `azp` and the scopes `scp` or `roles`. */
function factsOf(payload: JWTPayload): TokenFacts {
  const { client_id, azp, appid, sub, scope, scp, roles } = payload
  const client = [client_id, azp, appid, sub].find((claim) => typeof claim === 'string' && claim !== '')
  if (typeof client !== 'string') throw new Error('a token that names no client')
  const scopes = [scope, scp, roles].flatMap((claim) =>
    Array.isArray(claim) ? claim : typeof claim === 'string' ? claim.split(' ') : [],
  )
  return { client, scopes: scopes.filter((each) => typeof each === 'string').join(' ') }
}

/** What an assertion says of itself before it is verified; undefined for what is no JWT. */
export function peekAssertion(
  jwt: string,
): { readonly issuer?: string; readonly keysUrl?: string } | undefined {
  try {
    const { iss } = decodeJwt(jwt)
    const { jku } = decodeProtectedHeader(jwt)
    return {
      ...(typeof iss === 'string' ? { issuer: iss } : {}),
      ...(typeof jku === 'string' ? { keysUrl: jku } : {}),
    }
  } catch {
    return undefined
  }
}

/** A client's assertion, verified; rejects for one that is not valid. Times are in seconds. */
export async function verifyAssertion(
  jwt: string,
  { keys, client, audience }: { readonly keys: Keys; readonly client: string; readonly audience: string },
): Promise<{ readonly id: string; readonly expires: number }> {
  const { payload } = await jwtVerify(jwt, keys, {
    issuer: client,
    subject: client,
    audience,
    algorithms: ASSERTION_ALGORITHMS,
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    requiredClaims: ['exp', 'jti'],
  })
  const { jti, exp } = payload
  if (typeof jti !== 'string' || jti === '' || typeof exp !== 'number')
    throw new Error('jti and exp are needed')
  return { id: jti, expires: exp }
}
