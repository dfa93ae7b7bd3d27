import { createHash } from 'node:crypto'
import { ASSERTION_TYPE, peekAssertion, verifyAssertion } from '../../http/client-assertion.js'
import { type PublicKeys, publicKeysOf } from '../../http/jwt.js'
import { addressGroup } from '../http/client-address.js'
import { type HttpAnswer, type HttpRequest, jsonAnswer, mediaTypeOf } from '../http/http-message.js'
import type { RateLimit } from '../http/rate-limit.js'
import type { ServerEvent } from '../server-event.js'
import { signOwn } from './access-token.js'
import type { RegisteredClient } from './guard.js'
import { isSameSecret } from './guard.js'
import { grantedScopes } from './scopes.js'

/** Lifetime of a token, the maximum that SMART Backend Services recommends. */
const TOKEN_SECONDS = 300
const MAX_ASSERTION_SECONDS = 300
const TOLERANCE_SECONDS = 10

type OAuthError = 'invalid_request' | 'unsupported_grant_type' | 'invalid_client' | 'invalid_scope'

/** Thrown in this file and answered as OAuth JSON (RFC 6749, 5.2). */
class TokenRefusal extends Error {
  constructor(
    readonly code: OAuthError,
    message: string,
    readonly status: number = 400,
  ) {
    super(message)
  }
}

export interface TokenEndpointOptions {
  readonly clients: readonly RegisteredClient[]
  readonly secret: Uint8Array
  readonly issuer: () => string
  /** The endpoint's own address, the audience of assertions. */
  readonly url: () => string
  readonly limit: RateLimit
  readonly isType: (type: string) => boolean
  readonly onEvent: (event: ServerEvent) => void
}

/** The token endpoint of SMART Backend Services: exchanges a signed assertion for an access token of five minutes. */
export class TokenEndpoint {
  readonly #keys = new Map<string, PublicKeys>()
  /** Used assertions with their expiry in seconds, so that none is accepted twice. */
  readonly #used = new Map<string, number>()

  readonly #options: TokenEndpointOptions

  constructor(options: TokenEndpointOptions) {
    this.#options = options
  }

  async handle(request: HttpRequest): Promise<HttpAnswer> {
    const { onEvent } = this.#options
    try {
      const form = readForm(request)
      this.#limit(request.address, form)
      if (form instanceof TokenRefusal) throw form
      return await this.#grant(form)
    } catch (error) {
      if (!(error instanceof TokenRefusal)) throw error
      onEvent({
        event: 'token.refused',
        level: 'warn',
        error: error.code,
        reason: error.message,
        address: request.address,
      })
      return jsonAnswer(
        error.status,
        { error: error.code, error_description: error.message },
        { pragma: 'no-cache' },
      )
    }
  }

  /** Limits each client separately, so that one cannot lock out others at the same address. */
  #limit(address: string, form: URLSearchParams | TokenRefusal): void {
    const claimed =
      form instanceof TokenRefusal ? undefined : peekAssertion(form.get('client_assertion') ?? '')?.issuer
    const client = this.#options.clients.find(({ id }) => id === claimed)?.id
    this.#options.limit.take(JSON.stringify([addressGroup(address), client]))
  }

  async #grant(form: URLSearchParams): Promise<HttpAnswer> {
    const { secret, issuer, isType, onEvent } = this.#options
    if (form.get('grant_type') !== 'client_credentials')
      throw new TokenRefusal('unsupported_grant_type', 'grant_type must be client_credentials.')
    if (form.get('client_assertion_type') !== ASSERTION_TYPE)
      throw new TokenRefusal('invalid_request', `client_assertion_type must be ${ASSERTION_TYPE}.`)
    const client = await this.#authenticate(form.get('client_assertion') ?? '')
    const asked = form.get('scope') ?? ''
    const scopes = grantedScopes(asked, client.scopes, isType)
    if (scopes.length === 0)
      throw new TokenRefusal(
        'invalid_scope',
        'No scope was asked for that this client may have, such as system/*.rs.',
      )
    const scope = scopes.join(' ')
    const token = await signOwn(
      { client: client.id, scopes: scope },
      { secret, issuer: issuer(), seconds: TOKEN_SECONDS },
    )
    onEvent({ event: 'token.issued', level: 'info', client: client.id, scope })
    return jsonAnswer(
      200,
      { access_token: token, token_type: 'bearer', expires_in: TOKEN_SECONDS, scope },
      { pragma: 'no-cache' },
    )
  }

  async #authenticate(assertion: string): Promise<RegisteredClient> {
    const peeked = peekAssertion(assertion)
    if (peeked === undefined) throw new TokenRefusal('invalid_request', 'client_assertion must be a JWT.')
    const client = this.#options.clients.find(({ id }) => id === peeked.issuer)
    if (client === undefined) throw new TokenRefusal('invalid_client', 'The client is unknown.', 401)
    const { keys } = client
    if (peeked.keysUrl !== undefined && !('url' in keys && isSameSecret(keys.url, peeked.keysUrl)))
      throw new TokenRefusal(
        'invalid_client',
        'jku is not the address that the client is registered with.',
        401,
      )
    const verified = await verifyAssertion(assertion, {
      keys: this.#keysOf(client),
      client: client.id,
      audience: this.#options.url(),
    }).catch(() => {
      throw new TokenRefusal(
        'invalid_client',
        'The assertion is not valid: key, signature, iss, sub, aud or exp.',
        401,
      )
    })
    this.#useOnce(client, verified)
    return client
  }

  #useOnce(
    { id: client }: RegisteredClient,
    { id, expires }: { readonly id: string; readonly expires: number },
  ): void {
    const now = Date.now() / 1000
    if (expires > now + MAX_ASSERTION_SECONDS + TOLERANCE_SECONDS)
      throw new TokenRefusal('invalid_client', 'The assertion must end within five minutes.', 401)
    for (const [key, until] of this.#used) if (until < now - TOLERANCE_SECONDS) this.#used.delete(key)
    // An id may be long, so only its hash is kept.
    const key = createHash('sha256')
      .update(JSON.stringify([client, id]))
      .digest('base64')
    if (this.#used.has(key)) throw new TokenRefusal('invalid_client', 'The assertion was used before.', 401)
    this.#used.set(key, expires)
  }

  #keysOf({ id, keys }: RegisteredClient): PublicKeys {
    const known = this.#keys.get(id)
    if (known !== undefined) return known
    const made = publicKeysOf(keys)
    this.#keys.set(id, made)
    return made
  }
}

/** Reads the form, or the reason why it is malformed: a refused request counts against the limit too. */
function readForm(request: HttpRequest): URLSearchParams | TokenRefusal {
  try {
    return formOf(request)
  } catch (error) {
    if (error instanceof TokenRefusal) return error
    throw error
  }
}

function formOf(request: HttpRequest): URLSearchParams {
  const type = mediaTypeOf(request)
  if (type !== 'application/x-www-form-urlencoded')
    throw new TokenRefusal('invalid_request', 'The body must be application/x-www-form-urlencoded.')
  const form = new URLSearchParams(request.body?.toString('utf8') ?? '')
  const names = [...form.keys()]
  if (new Set(names).size !== names.length)
    throw new TokenRefusal('invalid_request', 'A parameter is there twice.')
  return form
}
