import { createHash, timingSafeEqual } from 'node:crypto'
import { type KeySet, publicKeysOf } from '../../http/jwt.js'
import type { HttpRequest } from '../http/http-message.js'
import { Refusal } from '../refusal.js'
import { type TokenFacts, verifyIssued, verifyOwn } from './access-token.js'
import { type Grant, typesOfScopes } from './scopes.js'

/** How clients authenticate. */
export type AuthOptions =
  | { readonly kind: 'none' }
  | { readonly kind: 'issuer'; readonly issuer: string; readonly audience: string; readonly keys: KeySet }
  | { readonly kind: 'clients'; readonly clients: readonly RegisteredClient[] }

/** A client of the server's own token endpoint. */
export interface RegisteredClient {
  readonly id: string
  readonly keys: KeySet
  /** Scopes registered for the client, separated by spaces. */
  readonly scopes: string
}

/** Who asks, and what that client may read. Throws Refusal 401, 403. */
export type Guard = (request: HttpRequest) => Promise<Grant>

/** Without authorization, clients are identified by address and may read everything. */
export const openGuard: Guard = async ({ address }) => ({ client: address })

export const issuerGuard = ({ issuer, audience, keys }: Extract<AuthOptions, { kind: 'issuer' }>): Guard => {
  const set = publicKeysOf(keys)
  return (request) => grantBy(request, (token) => verifyIssued(token, { keys: set, issuer, audience }))
}

export const ownGuard =
  (secret: Uint8Array, issuer: () => string): Guard =>
  (request) =>
    grantBy(request, (token) => verifyOwn(token, { secret, issuer: issuer() }))

async function grantBy(request: HttpRequest, verify: (token: string) => Promise<TokenFacts>): Promise<Grant> {
  const [, token] = /^Bearer +([\w.~+/=-]+)$/i.exec(request.header('authorization') ?? '') ?? []
  if (token === undefined) throw unauthorized('An access token is needed.', 'Bearer')
  const facts = await verify(token).catch(() => {
    throw unauthorized('The access token is not valid, or no longer.', 'Bearer error="invalid_token"')
  })
  const types = typesOfScopes(facts.scopes)
  if (types?.length === 0)
    throw new Refusal('The access token has no scope that reads system data, such as system/*.read.', {
      status: 403,
      code: 'forbidden',
      headers: { 'www-authenticate': 'Bearer error="insufficient_scope"' },
    })
  return { client: facts.client, ...(types === undefined ? {} : { types }) }
}

const unauthorized = (message: string, challenge: string): Refusal =>
  new Refusal(message, { status: 401, code: 'login', headers: { 'www-authenticate': challenge } })

/** Compares two secrets in a time that does not reveal where they differ. */
export const isSameSecret = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b))

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
