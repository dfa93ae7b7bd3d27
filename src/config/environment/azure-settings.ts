import { readFileSync } from 'node:fs'
import { sluiceError } from '../../errors.js'

/** What environment and files say of storage accounts. Not for messages: it holds keys. */
export interface AzureSettings {
  readonly accounts: readonly AccountAccess[]
  /** Parts of `AZURITE_CONNECTION_STRING`. */
  readonly emulator?: AccountAccess | undefined
}

/** How one account is reached: by key or by SAS. */
export interface AccountAccess {
  readonly account: string
  /** Address of its blob service without a final `/`, if it is not the usual one. */
  readonly endpoint?: string | undefined
  readonly key?: string | undefined
  readonly sas?: string | undefined
}

const CONNECTION = 'AZURE_STORAGE_CONNECTION_STRING'
const ACCOUNT = 'AZURE_STORAGE_ACCOUNT'
const KEY = 'AZURE_STORAGE_KEY'
const SAS = 'AZURE_STORAGE_SAS_TOKEN'
const AZURITE = 'AZURITE_CONNECTION_STRING'

/**
 * Reads `AZURE_STORAGE_CONNECTION_STRING` (a line for each account), `AZURE_STORAGE_ACCOUNT` with `AZURE_STORAGE_KEY` or
 * `AZURE_STORAGE_SAS_TOKEN` (the names of the Azure CLI), each also as `…_FILE`, and `AZURITE_CONNECTION_STRING`.
 * Throws CONFIG_INVALID, which names the variable and never its content.
 */
export function readAzureSettings(env: NodeJS.ProcessEnv = process.env): AzureSettings {
  const accounts = (textOf(env, CONNECTION) ?? '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => readConnectionString(line, CONNECTION))
  const account = textOf(env, ACCOUNT)
  const [key, sas] = [textOf(env, KEY), textOf(env, SAS)]
  if (key !== undefined || sas !== undefined) {
    if (account === undefined)
      throw wrong(key === undefined ? SAS : KEY, `is given without ${ACCOUNT}, the name of its account`)
    if (key !== undefined && !isKey(key)) throw wrong(KEY, 'is not an account key')
    accounts.push({ account, key, sas: sas?.replace(/^\?/, '') })
  }
  const emulator = textOf(env, AZURITE)
  return { accounts, emulator: emulator === undefined ? undefined : readConnectionString(emulator, AZURITE) }
}

/** The variable, or the file that `<name>_FILE` names. Empty is as good as not set. */
function textOf(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const text = env[name]?.trim()
  if (text) return text
  const path = env[`${name}_FILE`]
  if (!path) return undefined
  try {
    return readFileSync(path, 'utf8').trim() || undefined
  } catch (cause) {
    throw sluiceError('CONFIG_INVALID', {
      at: `${name}_FILE`,
      message: `${name}_FILE names a file that cannot be read: ${path}`,
      help: 'check its path and permissions',
      cause,
    })
  }
}

function readConnectionString(text: string, variable: string): AccountAccess {
  const fields = new Map(
    text
      .split(';')
      .filter((field) => field.includes('='))
      .map((field) => {
        const at = field.indexOf('=')
        return [field.slice(0, at).trim().toLowerCase(), field.slice(at + 1).trim()]
      }),
  )
  if (fields.get('usedevelopmentstorage') === 'true') return { account: 'devstoreaccount1' }
  const given = fields.get('blobendpoint')?.replace(/\/+$/, '')
  const account = fields.get('accountname') ?? accountOf(given)
  if (account === undefined) throw wrong(variable, 'names no account (AccountName=… or BlobEndpoint=…)')
  if (given !== undefined && !URL.canParse(given)) throw wrong(variable, 'has an invalid BlobEndpoint')
  const [key, sas] = [fields.get('accountkey'), fields.get('sharedaccesssignature')]
  if (key === undefined && sas === undefined)
    throw wrong(variable, 'has neither an AccountKey nor a SharedAccessSignature')
  if (key !== undefined && !isKey(key)) throw wrong(variable, 'has an invalid AccountKey')
  return { account, endpoint: given, key, sas: sas?.replace(/^\?/, '') }
}

/** `account.blob.…`, or the first part of the path. */
function accountOf(endpoint: string | undefined): string | undefined {
  if (endpoint === undefined || !URL.canParse(endpoint)) return undefined
  const { hostname, pathname } = new URL(endpoint)
  return pathname.split('/')[1] || hostname.split('.')[0]
}

const isKey = (text: string): boolean => /^[A-Za-z0-9+/]{40,}={0,2}$/.test(text)

const wrong = (variable: string, why: string) =>
  sluiceError('CONFIG_INVALID', { at: variable, message: `${variable} ${why}` })
