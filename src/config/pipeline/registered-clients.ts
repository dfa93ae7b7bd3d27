import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { sluiceError } from '../../errors.js'

const MIN_RSA_BYTES = 256

/** Public keys only: anyone who could read a shared secret here could sign with it. */
const keySchema = z
  .looseObject({ kty: z.string() })
  .refine(({ kty }) => ['RSA', 'EC', 'OKP'].includes(kty), 'must be a public key of type RSA, EC or OKP')
  .refine(
    ({ kty, n }) => kty !== 'RSA' || modulusBytes(n) >= MIN_RSA_BYTES,
    'must be an RSA key of at least 2048 bits',
  )

/** Leading zeros do not make a modulus longer. */
const modulusBytes = (n: unknown): number => {
  const bytes = typeof n === 'string' ? Buffer.from(n, 'base64url') : Buffer.alloc(0)
  const first = bytes.findIndex((byte) => byte !== 0)
  return first < 0 ? 0 : bytes.length - first
}

const keysSchema = z.object({ keys: z.array(keySchema).min(1) })

// Keys and key addresses decide who gets in: TLS, or this machine.
const isSafeUrl = (text: string): boolean =>
  /^https:\/\//.test(text) || /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::|\/)/.test(text)

const urlSchema = z.url().refine(isSafeUrl, 'must be https')

const clientsSchema = z.strictObject({
  clients: z
    .array(
      z
        .strictObject({
          client_id: z.string().min(1),
          scope: z.string().min(1),
          jwks: keysSchema.optional(),
          jwks_url: urlSchema.optional(),
        })
        .refine(
          ({ jwks, jwks_url }) => (jwks === undefined) !== (jwks_url === undefined),
          'must have either jwks or jwks_url',
        ),
    )
    .min(1),
})

/** Keys themselves, or where they are fetched. */
export type KeyPlace = { readonly keys: readonly object[] } | { readonly url: string }

export interface ClientRegistration {
  readonly id: string
  readonly scopes: string
  readonly keys: KeyPlace
}

/** Reads the clients of the token endpoint: `{"clients": [{"client_id", "scope", "jwks" | "jwks_url"}]}`. Throws CONFIG_INVALID. */
export async function readClients(path: string): Promise<readonly ClientRegistration[]> {
  const { clients } = await readChecked(path, clientsSchema)
  return clients.map(({ client_id, scope, jwks, jwks_url }) => ({
    id: client_id,
    scopes: scope,
    keys: jwks_url === undefined ? { keys: jwks?.keys ?? [] } : { url: jwks_url },
  }))
}

/** A JWKS file, or the address of one. Throws CONFIG_INVALID. */
export async function readKeyPlace(place: string): Promise<KeyPlace> {
  if (/^https?:\/\//.test(place)) {
    if (!isSafeUrl(place)) throw invalid(place, 'must be https')
    return { url: place }
  }
  return { keys: (await readChecked(place, keysSchema)).keys }
}

async function readChecked<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  let value: unknown
  try {
    value = JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    throw invalid(path, 'cannot be read as JSON', cause)
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path: at, message }) => ({ path: at.join('.'), message }))
  throw invalid(path, problems.map(({ path: at, message }) => `${at} ${message}`).join('; '))
}

const invalid = (path: string, why: string, cause?: unknown) =>
  sluiceError('CONFIG_INVALID', { at: path, message: `${path}: ${why}`, cause })
