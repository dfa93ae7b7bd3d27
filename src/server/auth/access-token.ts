import { type Claims, type PublicKeys, signJwt, verifyJwt } from '../../http/jwt.js'

/** Claims of an access token. */
export interface TokenFacts {
  readonly client: string
  /** Scopes, separated by spaces. */
  readonly scopes: string
}

// Asymmetric only: this server does not share a secret with another issuer.
const ISSUED_ALGORITHMS = [
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
const CLOCK_TOLERANCE_SECONDS = 5

const OWN_ALGORITHM = 'HS256'
/** RFC 9068. */
const OWN_TYPE = 'at+jwt'

/** Returns the facts of another issuer's access token; rejects for one that is not valid. */
export async function verifyIssued(
  token: string,
  {
    keys,
    issuer,
    audience,
  }: { readonly keys: PublicKeys; readonly issuer: string; readonly audience: string },
): Promise<TokenFacts> {
  const claims = await verifyJwt(token, keys, {
    issuer,
    audience,
    algorithms: ISSUED_ALGORITHMS,
    toleranceSeconds: CLOCK_TOLERANCE_SECONDS,
    requiredClaims: ['exp'],
  })
  return factsOf(claims)
}

/** Returns the facts of an access token of this server; rejects for one that is not valid. */
export async function verifyOwn(
  token: string,
  { secret, issuer }: { readonly secret: Uint8Array; readonly issuer: string },
): Promise<TokenFacts> {
  const claims = await verifyJwt(token, secret, {
    issuer,
    audience: issuer,
    algorithms: [OWN_ALGORITHM],
    type: OWN_TYPE,
    requiredClaims: ['exp', 'sub'],
  })
  return factsOf(claims)
}

/** Signs an access token of this server. */
export function signOwn(
  { client, scopes }: TokenFacts,
  {
    secret,
    issuer,
    seconds,
  }: { readonly secret: Uint8Array; readonly issuer: string; readonly seconds: number },
): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    scope: scopes,
    client_id: client,
    iss: issuer,
    aud: issuer,
    sub: client,
    iat: now,
    exp: now + seconds,
  }
  return signJwt(claims, { alg: OWN_ALGORITHM, typ: OWN_TYPE }, secret)
}

/** Azure names the client `appid` or `azp` and the scopes `scp` or `roles`. */
function factsOf({ client_id, azp, appid, sub, scope, scp, roles }: Claims): TokenFacts {
  const client = [client_id, azp, appid, sub].find((claim) => typeof claim === 'string' && claim !== '')
  if (typeof client !== 'string') throw new Error('the token names no client')
  const scopes = [scope, scp, roles].flatMap((claim) =>
    Array.isArray(claim) ? claim : typeof claim === 'string' ? claim.split(' ') : [],
  )
  return { client, scopes: scopes.filter((each) => typeof each === 'string').join(' ') }
}
