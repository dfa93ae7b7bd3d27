import { createPrivateKey, type KeyObject } from 'node:crypto'
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

/** The claims of a JSON Web Token (RFC 7519); times are in seconds. */
export type Claims = JWTPayload

/** Where public keys come from: the keys themselves, or an address that serves them. */
export type KeySet = { readonly keys: readonly object[] } | { readonly url: string }

/** Finds the public key for a token. */
export type PublicKeys = JWTVerifyGetKey

const KEYS_TIMEOUT_MS = 5000

/** Keys at an address are fetched when first needed, and again when a token names a key that is not known. */
export const publicKeysOf = (set: KeySet): PublicKeys =>
  'url' in set
    ? createRemoteJWKSet(new URL(set.url), { timeoutDuration: KEYS_TIMEOUT_MS })
    : createLocalJWKSet({ keys: [...set.keys] } as JSONWebKeySet)

/** What a token must say to be accepted. */
export interface Expected {
  readonly issuer: string
  readonly audience: string
  readonly subject?: string
  readonly algorithms: readonly string[]
  /** The `typ` of its header. */
  readonly type?: string
  readonly requiredClaims: readonly string[]
  /** By how much the clocks may differ. Default 0. */
  readonly toleranceSeconds?: number
}

/** Returns the claims of a token whose signature, times and claims are valid; otherwise rejects with jose's error. */
export async function verifyJwt(
  token: string,
  keys: PublicKeys | Uint8Array,
  { issuer, audience, subject, algorithms, type, requiredClaims, toleranceSeconds = 0 }: Expected,
): Promise<Claims> {
  const options = {
    issuer,
    audience,
    algorithms: [...algorithms],
    requiredClaims: [...requiredClaims],
    clockTolerance: toleranceSeconds,
    ...(subject === undefined ? {} : { subject }),
    ...(type === undefined ? {} : { typ: type }),
  }
  const { payload } = await (typeof keys === 'function'
    ? jwtVerify(token, keys, options)
    : jwtVerify(token, keys, options))
  return payload
}

/** What a token says before it is verified: nothing in it may be trusted. Undefined for text that is not a JWT. */
export function peekJwt(
  token: string,
): { readonly claims: Claims; readonly header: Readonly<Record<string, unknown>> } | undefined {
  try {
    return { claims: decodeJwt(token), header: { ...decodeProtectedHeader(token) } }
  } catch {
    return undefined
  }
}

/** The header of a token that is signed here. */
export interface JwtHeader {
  readonly alg: string
  readonly typ: string
  readonly kid?: string
  /** Where the public keys can be fetched. */
  readonly jku?: string
}

export const signJwt = (claims: Claims, header: JwtHeader, key: KeyObject | Uint8Array): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ ...header }).sign(key)

/** A private key that can sign. */
export interface SigningKey {
  readonly algorithm: 'RS384' | 'ES384'
  /** Empty if the key has none. */
  readonly kid: string
  readonly key: KeyObject
}

const MIN_RSA_BITS = 2048

/** The keys of a JWK or JWK set (RFC 7517) that can sign RS384 or ES384; others are left out. */
export function signingKeysOf(keys: object): readonly SigningKey[] {
  const { keys: set } = keys as { readonly keys?: unknown }
  return (Array.isArray(set) ? set : [keys]).flatMap((jwk) => signingKeyOf(jwk) ?? [])
}

function signingKeyOf(jwk: unknown): SigningKey | undefined {
  const { kty, crv, kid, d, use } = (jwk ?? {}) as Readonly<Record<string, unknown>>
  const algorithm = kty === 'RSA' ? 'RS384' : kty === 'EC' && crv === 'P-384' ? 'ES384' : undefined
  if (algorithm === undefined || typeof d !== 'string' || use === 'enc') return undefined
  try {
    const key = createPrivateKey({ key: jwk as Record<string, string>, format: 'jwk' })
    if ((key.asymmetricKeyDetails?.modulusLength ?? MIN_RSA_BITS) < MIN_RSA_BITS) return undefined
    return { algorithm, kid: typeof kid === 'string' ? kid : '', key }
  } catch {
    // The error may quote the key, so nothing of it is passed on.
    return undefined
  }
}
