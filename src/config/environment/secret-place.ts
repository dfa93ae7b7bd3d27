import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { z } from 'zod'
import { sluiceError } from '../../errors.js'

/** Where a secret is: never in the file itself. */
export const secretPlaceSchema = z.union(
  [
    z.strictObject({ env: z.string().min(1).describe('name of an environment variable') }),
    z.strictObject({ file: z.string().min(1).describe('a file, relative to this one') }),
    z.strictObject({
      keyVault: z
        .string()
        .regex(/^https:\/\/[^/?#@]+\/secrets\/[^/?#]+(?:\/[^/?#]+)?\/?$/)
        .describe('https://VAULT.vault.azure.net/secrets/NAME, with or without /VERSION'),
    }),
  ],
  {
    error:
      'must say where the secret is: {"env": "NAME"}, {"file": "path"} or {"keyVault": "https://VAULT.vault.azure.net/secrets/NAME"}',
  },
)
export type SecretPlace = z.infer<typeof secretPlaceSchema>

/** What reading secrets needs. */
export interface SecretSources {
  /** Where relative paths start. */
  readonly baseFolder: string
  /** The value of a secret by its address. Throws KEY_MISSING, SERVICE_UNAVAILABLE. */
  readonly keyVault: (address: string) => Promise<string>
}

/** Reads a secret, without the line end that editors add. Throws KEY_MISSING, which names the place only. */
export async function readSecret(place: SecretPlace, at: string, sources: SecretSources): Promise<string> {
  const text = (await textOf(place, sources))?.replace(/\r?\n$/, '')
  if (text) return text
  throw sluiceError('KEY_MISSING', {
    at,
    message: `${at}: ${nameOf(place)} is ${text === undefined ? 'missing' : 'empty'}`,
  })
}

/**
 * As messages name it. The secret itself may have been given in place of the name and must not reach a log, so only a
 * text that looks like the name of a variable is shown.
 */
export const variableName = (name: string): string =>
  /^[A-Z_][A-Z0-9_]{0,63}$/.test(name)
    ? `the environment variable ${name}`
    : 'the environment variable (its name is not shown, because it could be the secret itself)'

/** The value of an environment variable; not what every object has, such as `constructor`. */
export const variableOf = (name: string): string | undefined =>
  Object.hasOwn(process.env, name) ? process.env[name] : undefined

/** As messages name it. */
const nameOf = (place: SecretPlace): string =>
  'env' in place
    ? variableName(place.env)
    : 'file' in place
      ? `the file ${place.file}`
      : `the secret ${place.keyVault}`

async function textOf(
  place: SecretPlace,
  { baseFolder, keyVault }: SecretSources,
): Promise<string | undefined> {
  if ('env' in place) return variableOf(place.env)
  if ('file' in place) return readFile(resolve(baseFolder, place.file), 'utf8').catch(() => undefined)
  return keyVault(place.keyVault)
}
