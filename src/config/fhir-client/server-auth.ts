import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { type Problem, sluiceError } from '../../errors.js'
import { textOf } from '../../http/body.js'
import { createHttpClient } from '../../http/client.js'
import { readProxies } from '../environment/proxy-settings.js'
import {
  readSecret,
  type SecretPlace,
  type SecretSources,
  secretPlaceSchema,
} from '../environment/secret-place.js'
import { issuesAsProblems } from '../text/problem.js'

const scope = z.string().min(1).optional()
const clientId = z.string().min(1)

/** How a FHIR server knows its client, as the file of `--auth` has it. */
export const serverAuthSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('none') }),
  z.strictObject({ type: z.literal('bearer'), token: secretPlaceSchema }),
  z.strictObject({ type: z.literal('basic'), username: z.string().min(1), password: secretPlaceSchema }),
  z.strictObject({
    type: z.literal('client-credentials'),
    tokenUrl: z.url(),
    clientId,
    clientSecret: secretPlaceSchema,
    scope,
    secretIn: z.enum(['post', 'basic']).optional(),
  }),
  z.strictObject({
    type: z.literal('smart'),
    clientId,
    keys: z.union([
      secretPlaceSchema,
      z
        .strictObject({ url: z.url({ protocol: /^https$/ }) })
        .describe('an address that gives the private keys'),
    ]),
    kid: z.string().optional(),
    tokenUrl: z.url().optional(),
    scope,
    jwksUrl: z.url().optional(),
  }),
  z.strictObject({
    type: z.literal('azure'),
    tenantId: z.string().min(1),
    clientId,
    clientSecret: secretPlaceSchema,
    scope,
    authority: z.url().optional(),
  }),
  z.strictObject({ type: z.literal('managed-identity'), scope }),
])

type Given = z.infer<typeof serverAuthSchema>
type Resolved<T> = T extends unknown
  ? {
      [K in keyof T]: K extends 'token' | 'password' | 'clientSecret'
        ? string
        : K extends 'keys'
          ? object
          : T[K]
    }
  : never

/** The same with its secrets read. */
export type ResolvedAuth = Resolved<Given>

/** Reads a file of `--auth`. Throws CONFIG_INVALID with every problem, KEY_MISSING; neither quotes what it read. */
export async function readServerAuth(
  path: string,
  keyVault: SecretSources['keyVault'],
): Promise<ResolvedAuth> {
  const raw = parse(await textIn(path, path), path)
  return resolveServerAuth(raw, { baseFolder: dirname(path), keyVault })
}

/** Checks what a configuration holds and reads its secrets. Throws CONFIG_INVALID, KEY_MISSING. */
export async function resolveServerAuth(raw: unknown, sources: SecretSources): Promise<ResolvedAuth> {
  const checked = serverAuthSchema.safeParse(raw)
  if (!checked.success) throw invalid(issuesAsProblems(checked.error, 'auth'))
  const auth = checked.data
  const read = (place: SecretPlace, name: string) => readSecret(place, `auth.${name}`, sources)
  switch (auth.type) {
    case 'bearer':
      return { ...auth, token: await read(auth.token, 'token') }
    case 'basic':
      return { ...auth, password: await read(auth.password, 'password') }
    case 'client-credentials':
    case 'azure':
      return { ...auth, clientSecret: await read(auth.clientSecret, 'clientSecret') }
    case 'smart': {
      const { keys } = auth
      const text = 'url' in keys ? await fetchText(keys.url) : await read(keys, 'keys')
      return { ...auth, keys: parse(text, 'auth.keys') }
    }
    default:
      return auth
  }
}

const FETCH_TIMEOUT_MS = 30_000
const MAX_KEY_BYTES = 2 ** 20

async function fetchText(url: string): Promise<string> {
  const proxies = readProxies()
  const http = createHttpClient({ proxies })
  try {
    const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS)
    const answer = await http.send(new URL(url), { signal, redirects: 'none' })
    if (answer.status === 200) return await textOf(answer, MAX_KEY_BYTES)
  } catch {
    // Whatever it was, the keys are not to be had.
  } finally {
    http.close()
  }
  throw sluiceError('KEY_MISSING', {
    at: 'auth.keys.url',
    message: 'the address does not deliver the keys',
    help: 'check the address and the server',
  })
}

async function textIn(path: string, at: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw sluiceError('CONFIG_INVALID', {
      at,
      message: 'cannot be read',
      help: 'check its path and permissions',
      cause,
    })
  }
}

function parse(text: string, at: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // The text may hold a secret: only its place is told.
  }
  throw sluiceError('CONFIG_INVALID', { at, message: 'is not a JSON object' })
}

const invalid = (problems: readonly Problem[]) =>
  sluiceError('CONFIG_INVALID', {
    message: `the authentication is wrong:\n${problems.map(({ path, message }) => `  ${path}: ${message}`).join('\n')}`,
    problems,
  })
