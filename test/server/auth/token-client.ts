import { randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { RegisteredClient } from '../../../src/server/auth/guard.js'
import { type Provider, provide } from '../provider.js'

export type Algorithm = 'RS384' | 'ES384'

export async function keyPair(alg: Algorithm, kid: string = alg) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

export const RS = await keyPair('RS384')
const ES = await keyPair('ES384')
export const OTHER = await keyPair('ES384')

export const CLIENTS: readonly RegisteredClient[] = [
  { id: 'all', scopes: 'system/*.rs', keys: { keys: [RS.jwk, ES.jwk] } },
  { id: 'some', scopes: 'system/Patient.read system/Group.read', keys: { keys: [ES.jwk] } },
]

export interface Assertion {
  readonly alg?: Algorithm
  readonly key?: Awaited<ReturnType<typeof keyPair>>
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: object
  readonly lifetime?: string
}

export function assertion(provider: Provider, client: string, options: Assertion = {}): Promise<string> {
  const {
    alg = 'ES384',
    key = alg === 'RS384' ? RS : ES,
    claims = {},
    header = {},
    lifetime = '4m',
  } = options
  return new SignJWT({
    iss: client,
    sub: client,
    aud: `${provider.base}/auth/token`,
    jti: randomUUID(),
    ...claims,
  })
    .setProtectedHeader({ alg, kid: key.jwk.kid, typ: 'JWT', ...header })
    .setExpirationTime(lifetime)
    .sign(key.privateKey)
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

export const requestToken = (
  provider: Provider,
  form: Record<string, string>,
  headers: Record<string, string> = {},
) =>
  provider.ask('/auth/token', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(form).toString(),
  })

export const formOf = (client_assertion: string, scope = 'system/*.rs') => ({
  grant_type: 'client_credentials',
  client_assertion_type: ASSERTION_TYPE,
  client_assertion,
  scope,
})

export async function tokenOf(
  provider: Provider,
  client: string,
  scope: string,
  options: Assertion = {},
): Promise<string> {
  const response = await requestToken(provider, formOf(await assertion(provider, client, options), scope))
  const body = (await response.json()) as { access_token: string }
  if (response.status !== 200) throw new Error(`${response.status} ${JSON.stringify(body)}`)
  return body.access_token
}

export const protectedProvider = (t: Parameters<typeof provide>[0]) =>
  provide(t, { auth: { kind: 'clients', clients: CLIENTS } })
