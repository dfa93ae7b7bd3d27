import { createHash, timingSafeEqual } from 'node:crypto'
import { type KeySet, publicKeysOf } from '../../http/jwt.js'
import type { HttpRequest } from '../http/http-message.js'
import { Refusal } from '../refusal.js'
import { type TokenFacts, verifyIssued, verifyOwn } from './access-token.js'
import { type Grant, typesOfScopes, writesBundles } from './scopes.js'

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

/** Who asks to write. Throws Refusal 401, 403. */
export type WritingGuard = (request: HttpRequest) => Promise<Pick<Grant, 'client'>>

/** Both sides of an authorization. */
export interface Guards {
  readonly reading: Guard
  readonly writing: WritingGuard
}

/** Without authorization, clients are identified by address and may read everything. */
const openGuard: Guard = async ({ address }) => ({ client: address })
export const openGuards: Guards = { reading: openGuard, writing: openGuard }

export const issuerGuards = ({
  issuer,
  audience,
  keys,
}: Extract<AuthOptions, { kind: 'issuer' }>): Guards => {
  const set = publicKeysOf(keys)
  return guardsBy((token) => verifyIssued(token, { keys: set, issuer, audience }))
}

export const ownGuards = (secret: Uint8Array, issuer: () => string): Guards =>
  guardsBy((token) => verifyOwn(token, { secret, issuer: issuer() }))

type Verify = (token: string) => Promise<TokenFacts>

const guardsBy = (verify: Verify): Guards => ({
  async reading(request) {
    const { client, scopes } = await factsOf(request, verify)
    const types = typesOfScopes(scopes)
    if (types?.length === 0) throw insufficient('reads system data, such as system/*.read')
    return { client, ...(types === undefined ? {} : { types }) }
  },
  async writing(request) {
    const { client, scopes } = await factsOf(request, verify)
    if (!scopes.split(' ').some(writesBundles))
      throw insufficient('writes Bundles, such as system/Bundle.write')
    return { client }
  },
})

async function factsOf(request: HttpRequest, verify: Verify): Promise<TokenFacts> {
  const [, token] = /^Bearer +([\w.~+/=-]+)$/i.exec(request.header('authorization') ?? '') ?? []
  if (token === undefined) throw unauthorized('An access token is needed.', 'Bearer')
  return verify(token).catch(() => {
    throw unauthorized('The access token is not valid, or no longer.', 'Bearer error="invalid_token"')
  })
}

const insufficient = (what: string): Refusal =>
  new Refusal(`The access token has no scope that ${what}.`, {
    status: 403,
    code: 'forbidden',
    headers: { 'www-authenticate': 'Bearer error="insufficient_scope"' },
  })

const unauthorized = (message: string, challenge: string): Refusal =>
  new Refusal(message, { status: 401, code: 'login', headers: { 'www-authenticate': challenge } })

/** Compares two secrets in a time that does not reveal where they differ. */
export const isSameSecret = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b))

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
