import { randomUUID } from 'node:crypto'
import { type PublicKeys, peekJwt, type SigningKey, signJwt, verifyJwt } from './jwt.js'

/** The `client_assertion_type` of a JWT (RFC 7523, 2.2). */
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** What SMART Backend Services (SMART App Launch 2.2) requires both sides to support. */
export const ASSERTION_ALGORITHMS: readonly string[] = ['RS384', 'ES384']

const LIFETIME_SECONDS = 240
const CLOCK_TOLERANCE_SECONDS = 5

export interface AssertingClient {
  readonly clientId: string
  /** Where the client's public keys are registered, sent as `jku`. */
  readonly jwksUrl?: string | undefined
}

/** Signs an assertion that can be used once: its `jti` is random, and it expires after four minutes. */
export function signAssertion(
  { clientId, jwksUrl }: AssertingClient,
  { algorithm, kid, key }: SigningKey,
  audience: string,
): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    iss: clientId,
    sub: clientId,
    aud: audience,
    jti: randomUUID(),
    iat: now,
    exp: now + LIFETIME_SECONDS,
  }
  const header = {
    alg: algorithm,
    typ: 'JWT',
    ...(kid === '' ? {} : { kid }),
    ...(jwksUrl ? { jku: jwksUrl } : {}),
  }
  return signJwt(claims, header, key)
}

/** What an assertion says before it is verified; undefined for text that is not a JWT. */
export function peekAssertion(
  jwt: string,
): { readonly issuer?: string; readonly keysUrl?: string } | undefined {
  const peeked = peekJwt(jwt)
  if (peeked === undefined) return undefined
  const { iss } = peeked.claims
  const { jku } = peeked.header
  return {
    ...(typeof iss === 'string' ? { issuer: iss } : {}),
    ...(typeof jku === 'string' ? { keysUrl: jku } : {}),
  }
}

/** Returns the `jti` of a client's assertion and the second it expires; rejects for one that is not valid. */
export async function verifyAssertion(
  jwt: string,
  {
    keys,
    client,
    audience,
  }: { readonly keys: PublicKeys; readonly client: string; readonly audience: string },
): Promise<{ readonly id: string; readonly expires: number }> {
  const { jti, exp } = await verifyJwt(jwt, keys, {
    issuer: client,
    subject: client,
    audience,
    algorithms: ASSERTION_ALGORITHMS,
    toleranceSeconds: CLOCK_TOLERANCE_SECONDS,
    requiredClaims: ['exp', 'jti'],
  })
  if (typeof jti !== 'string' || jti === '' || typeof exp !== 'number')
    throw new Error('the assertion has no jti or exp')
  return { id: jti, expires: exp }
}
