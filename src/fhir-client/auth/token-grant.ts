import { sluiceError } from '../../errors.js'
import { parseObject, textOf } from '../../http/body.js'
import type { ServerContext } from '../context.js'
import { checkOtherData, checkRetryable, translated } from '../failures.js'

export interface GrantedToken {
  readonly token: string
  readonly lifetimeMs: number
}

/** Requests a new token. Throws AUTH_FAILED, SERVICE_UNAVAILABLE, INTERRUPTED. */
export type Grant = () => Promise<GrantedToken>

/** OAuth 2.0 client credentials (RFC 6749, 4.4) with a secret. */
export interface ClientCredentials {
  readonly tokenUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly scope?: string | undefined
  /** Where the secret is sent (RFC 6749, 2.3.1); default `post`, in the form. */
  readonly secretIn?: 'post' | 'basic' | undefined
}

export function clientSecretGrant(client: ClientCredentials, context: ServerContext): Grant {
  const { clientId, clientSecret, scope, secretIn = 'post' } = client
  const form = { grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) }
  const inHeader = `${formEncoded(clientId)}:${formEncoded(clientSecret)}`
  return () =>
    requestToken(context, new URL(client.tokenUrl), () =>
      secretIn === 'basic'
        ? { form, authorization: `Basic ${Buffer.from(inHeader).toString('base64')}` }
        : { form: { ...form, client_id: clientId, client_secret: clientSecret } },
    )
}

const AZURE_AUTHORITY = 'https://login.microsoftonline.com'

/** Microsoft Entra ID. The scope defaults to that of the FHIR service. */
export function azureGrant(
  client: Omit<ClientCredentials, 'tokenUrl'> & {
    readonly tenantId: string
    readonly authority?: string | undefined
  },
  context: ServerContext,
): Grant {
  const { tenantId, authority = AZURE_AUTHORITY, scope = `${context.base.origin}/.default` } = client
  const tokenUrl = `${authority.replace(/\/$/, '')}/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`
  return clientSecretGrant({ ...client, tokenUrl, scope }, context)
}

export interface TokenForm {
  readonly form: Readonly<Record<string, string>>
  readonly authorization?: string
}

const MAX_BYTES = 256 * 1024
// RFC 6749 does not prescribe a lifetime; SMART recommends five minutes.
const DEFAULT_LIFETIME_SECONDS = 300

/** Posts a form, built anew for each attempt. Throws AUTH_FAILED, SERVICE_UNAVAILABLE, INTERRUPTED. */
export async function requestToken(
  { http, retry, answers, use }: ServerContext,
  url: URL,
  formOf: () => TokenForm | Promise<TokenForm>,
): Promise<GrantedToken> {
  const at = url.origin + url.pathname
  return translated(at, use, () =>
    retry.run({ at }, async () => {
      const { form, authorization } = await formOf()
      const answer = await http.send(url, {
        method: 'POST',
        signal: retry.signal,
        headers: {
          accept: 'application/json',
          'content-type': 'application/x-www-form-urlencoded',
          ...(authorization === undefined ? {} : { authorization }),
        },
        body: new URLSearchParams(form).toString(),
      })
      const text = await textOf(answer, MAX_BYTES)
      checkRetryable(answer, text)
      const body = parseObject(text) ?? {}
      if (body.access_token === undefined && typeof body.error !== 'string') checkOtherData(answer, body)
      if (answer.status === 200 && typeof body.access_token === 'string' && TOKEN.test(body.access_token))
        return { token: body.access_token, lifetimeMs: lifetimeSeconds(body.expires_in) * 1000 }
      // A 200 may hold a token even if the rest of the answer is malformed.
      const kept = answer.status === 200 ? '' : await answers.keep({ call: 'token', answer, text })
      throw refused(at, reasonOf(answer.status, body.error), kept)
    }),
  )
}

/** Characters that cannot end the header they are put in. */
const TOKEN = /^[\x21-\x7e]+$/

const formEncoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1)

function lifetimeSeconds(value: unknown): number {
  const seconds = typeof value === 'string' ? Number(value) : value
  return typeof seconds === 'number' && seconds > 0 && Number.isFinite(seconds)
    ? seconds
    : DEFAULT_LIFETIME_SECONDS
}

function reasonOf(status: number, error: unknown): string {
  const code = typeof error === 'string' && /^[\w.-]{1,40}$/.test(error) ? error : 'no reason given'
  return `status ${status}, ${code}`
}

const refused = (at: string, reason: string, kept: string) =>
  sluiceError('AUTH_FAILED', {
    at,
    message: `did not issue a token (${reason})`,
    help: `check the client id, its key or secret, and the scope${kept}`,
  })
