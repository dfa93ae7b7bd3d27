import { SecretClient, type SecretClientOptions } from '@azure/keyvault-secrets'
import { CODES, type ErrorFacts, sluiceError } from '../../errors.js'
import { isTlsCode, RequestFailure } from '../../http/request-failure.js'
import type { Retry } from '../../http/retry.js'
import { userAgent } from '../../http/user-agent.js'
import { Secret } from '../../secret.js'
import type { TokenSource } from './azure-client.js'
import { NO_IDENTITY } from './blob-errors.js'
import { failureOf, wrongAnswer } from './blob-failure.js'

/** A secret in a vault; without a version, the newest. */
export interface VaultSecret {
  /** `https://name.vault.azure.net` */
  readonly vault: string
  readonly name: string
  readonly version?: string
}

export interface KeyVaultAccess {
  readonly identity: TokenSource
  readonly retry: Retry
  /** False only in tests, whose vault is outside the domain that tokens are for. Default true. */
  readonly verifiesChallenge?: boolean
}

// Public and sovereign clouds; the identity's token is sent only to them.
const VAULT_HOST =
  /^[a-z][a-z0-9-]{1,22}[a-z0-9]\.vault\.(?:azure\.net|azure\.cn|usgovcloudapi\.net|microsoftazure\.de)$/
const SECRET_PATH = /^\/secrets\/([0-9A-Za-z-]{1,127})(?:\/([0-9a-f]{32}))?\/?$/

/** Parses `https://name.vault.azure.net/secrets/name[/version]`; undefined for any other address. */
export function parseVaultAddress(address: string): VaultSecret | undefined {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const path = SECRET_PATH.exec(url?.pathname ?? '')
  if (url === undefined || path === null || url.protocol !== 'https:' || !VAULT_HOST.test(url.host))
    return undefined
  if (url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '') return undefined
  const [, name = '', version] = path
  return { vault: url.origin, name, ...(version === undefined ? {} : { version }) }
}

/** Reads the value of a secret. Throws KEY_MISSING, SERVICE_UNAVAILABLE, INTERRUPTED. */
export async function readVaultSecret(secret: VaultSecret, access: KeyVaultAccess): Promise<Secret> {
  const { vault, name, version } = secret
  const { identity, retry, verifiesChallenge = true } = access
  const client = new SecretClient(vault, identity, {
    retryOptions: { maxRetries: 0 },
    userAgentOptions: { userAgentPrefix: userAgent() },
    disableChallengeResourceVerification: !verifiesChallenge,
    additionalPolicies: [{ policy: VAULT_ANSWERS, position: 'perCall' }],
  })
  const at = `${vault}/secrets/${name}`
  try {
    return await retry.run({ at }, async () => {
      try {
        const { value = '' } = await client.getSecret(name, version === undefined ? {} : { version })
        return new Secret(value)
      } catch (error) {
        throw failureOf(error)
      }
    })
  } catch (error) {
    if (!(error instanceof RequestFailure)) throw error
    throw sluiceError('KEY_MISSING', {
      at,
      ...reasonOf(error),
      cause: error,
    })
  }
}

type AddedPolicy = NonNullable<SecretClientOptions['additionalPolicies']>[number]['policy']

/** The SDK throws a TypeError on a login page or an empty body, which would look like a bug. */
const VAULT_ANSWERS: AddedPolicy = {
  name: 'vaultAnswers',
  async sendRequest(request, next) {
    const answer = await next(request)
    const { id, value, error } = membersOf(answer.bodyAsText)
    const hasError = typeof error === 'object' && error !== null
    if (answer.status >= 400 && !hasError)
      throw new RequestFailure({ status: answer.status, code: 'UNKNOWN' })
    if (answer.status === 200 && !(isSecretId(id) && typeof value === 'string')) throw wrongAnswer()
    return answer
  },
}

const isSecretId = (id: unknown): boolean =>
  typeof id === 'string' && /^https:\/\/[^/]+\/secrets\/[^/]+(?:\/[^/]+)?$/.test(id) && URL.canParse(id)

function membersOf(text: string | null | undefined): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text ?? '')
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {}
  } catch {
    return {}
  }
}

function reasonOf({ status, code, message }: RequestFailure): ErrorFacts {
  if (code === NO_IDENTITY)
    return {
      message: 'no identity was found',
      help: 'sign in with "az login", or give a managed or workload identity',
    }
  if (isTlsCode(code))
    return { message: `the connection cannot be trusted (${code})`, help: CODES.CONNECTION_UNTRUSTED.help }
  if (status === 401 || status === 403)
    return {
      message: `the identity may not read it (${message})`,
      help: 'give it the role "Key Vault Secrets User"',
    }
  if (status === 404)
    return { message: 'the vault has no such secret, or no such version of it', help: 'check the address' }
  return { message: `the vault refuses it (${message})` }
}
