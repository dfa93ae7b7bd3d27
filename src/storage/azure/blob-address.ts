import { sluiceError } from '../../errors.js'
import { Secret } from '../../secret.js'
import { addressError, withoutSas } from '../address-error.js'
import { checkSas, type SasFacts } from './sas-facts.js'

/** A container or a prefix in it. */
export interface BlobAddress {
  /** Address for messages and reports, as given, without credentials. */
  readonly place: string
  /** Address of the blob service, including the account's name if it is in the path; no trailing `/`. */
  readonly endpoint: string
  readonly account: string
  readonly container: string
  /** Path below the container, without `/` at either end; empty for the container itself. */
  readonly path: string
  /** Whether the host is one of Azure's own; an identity's token is sent only there. */
  readonly isAzure: boolean
  /** Whether it was given as `azurite://…`. */
  readonly isEmulator: boolean
  readonly sas?: { readonly query: Secret; readonly facts: SasFacts }
}

/** Endpoint of `azurite://`. */
export interface Emulator {
  readonly endpoint: string
  readonly account: string
}

/** The default port of Azurite. */
export const EMULATOR: Emulator = {
  endpoint: 'http://127.0.0.1:10000/devstoreaccount1',
  account: 'devstoreaccount1',
}

// Public and sovereign clouds, and accounts with a DNS zone of their own.
const AZURE_HOST =
  /^([a-z0-9]{3,24})(?:-secondary)?(\.z\d+)?\.(blob|dfs)\.(core\.windows\.net|core\.chinacloudapi\.cn|core\.usgovcloudapi\.net|core\.cloudapi\.de|storage\.azure\.net)$/
const CONTAINER = /^(?:\$root|\$web|\$logs|[a-z0-9](?:[a-z0-9]|-(?!-)){1,61}[a-z0-9])$/
// A mistyped address is not a folder.
const LOOKS_REMOTE = /^(?:https?|abfss|azurite):|^[^/]+\.(?:blob|dfs)\.[^/]+\.[^/]+\//i
// A folder may be called sig=1.
const HOLDS_SAS = /(?:[?&]|%3f|%26)sig(?:=|%3d)|(?:^|\/)sig(?:=|%3d)[^/]*(?:&|%26)/i
const SCHEME = /^([a-z]+):\/\//i

export const SCHEMES: readonly string[] = ['https', 'http', 'abfss', 'azurite']

/** Says why an address without a scheme looks like a container; completes "The address …". */
export const missingScheme = (address: string): string | undefined =>
  LOOKS_REMOTE.test(address) || HOLDS_SAS.test(address) ? 'write https:// before it' : undefined

/**
 * `https://account.blob.core.windows.net/container/prefix`, the same with `dfs`, `abfss://filesystem@account.dfs…/path`,
 * `https://host/account/container/prefix`, or `azurite://container/prefix`. A SAS may follow after `?`. Throws USAGE,
 * which never repeats one.
 */
export function parseBlobAddress(text: string, emulator: Emulator = EMULATOR): BlobAddress {
  const place = withoutSas(text)
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase() ?? ''
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw addressError(place, 'is not a valid address')
  }
  if (url.hash !== '') throw addressError(place, 'has a "#"', 'write it as %23')
  if (url.password !== '' || (url.username !== '' && scheme !== 'abfss'))
    throw addressError(
      place,
      'has a name or password before "@"',
      'give a SAS, or credentials in the environment',
    )
  if (HOLDS_SAS.test(url.pathname))
    throw addressError(place, 'has a SAS without a "?" before it', 'write the "?"')
  const parts = partsOf(url, scheme, emulator, place)
  const [container = '', ...rest] = parts.segments
  if (!CONTAINER.test(container))
    throw addressError(
      place,
      container === ''
        ? 'names no container'
        : 'names an invalid container: 3 to 63 lower-case letters, digits and single hyphens',
    )
  const query = url.search.slice(1)
  return {
    place: place.replace(/\/+$/, ''),
    endpoint: parts.endpoint,
    account: parts.account,
    container,
    path: rest.join('/'),
    isAzure: parts.isAzure,
    isEmulator: scheme === 'azurite',
    ...(query === '' ? {} : { sas: { query: new Secret(query), facts: checkSas(query, place) } }),
  }
}

interface Parts {
  readonly endpoint: string
  readonly account: string
  /** Returns container and path, decoded. */
  readonly segments: readonly string[]
  readonly isAzure: boolean
}

function partsOf(url: URL, scheme: string, emulator: Emulator, place: string): Parts {
  const path = segmentsOf(url.pathname, place)
  if (scheme === 'azurite')
    return { ...emulator, segments: [url.hostname || url.host, ...path], isAzure: false }
  const host = AZURE_HOST.exec(url.hostname.toLowerCase())
  if (scheme === 'abfss') {
    if (host === null || url.username === '')
      throw addressError(place, 'must be abfss://filesystem@account.dfs.core.windows.net/path')
    return { ...azure(host), segments: [decoded(url.username, place), ...path], isAzure: true }
  }
  if (host === null) {
    if (scheme === 'http' && !isNear(url.hostname))
      throw addressError(place, 'must begin with https://, because others could read the data on the way')
    const [account = '', ...segments] = path
    if (!/^[a-z0-9]{3,24}$/.test(account))
      throw addressError(
        place,
        'does not belong to a storage account',
        'for another host, write https://host/account/container',
      )
    return { endpoint: `${url.origin}/${account}`, account, segments, isAzure: false }
  }
  if (scheme === 'http') throw addressError(place, 'must begin with https://')
  return { ...azure(host), segments: path, isAzure: true }
}

/** Whether the host is this machine, or a name without a domain (a container on the same network). */
const isNear = (hostname: string): boolean => /^(?:127(?:\.\d+){3}|\[::1\]|[^.:]+)$/.test(hostname)

/** Maps `dfs` to the blob endpoint, which also serves hierarchical accounts. */
const azure = ([, account = '', zone = '', , suffix]: RegExpExecArray) => ({
  endpoint: `https://${account}${zone}.blob.${suffix}`,
  account,
})

const segmentsOf = (pathname: string, place: string): string[] => {
  const trimmed = pathname.replace(/^\/|\/+$/g, '')
  return trimmed === '' ? [] : trimmed.split('/').map((segment) => decoded(segment, place))
}

function decoded(text: string, place: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw addressError(place, 'has a "%" that does not begin a %XX', 'write it as %25')
  }
}

/** Prefix below the container, ending in `/`, or empty. */
export const prefixOf = ({ path }: Pick<BlobAddress, 'path'>): string => (path === '' ? '' : `${path}/`)

// Azure allows container names of 63 characters.
const MAX_CONTAINER_LENGTH = 63
const STATE_ENDING = '-sluice'

/** Returns the default address of the state: the same path in a container of its own. Throws USAGE. */
export function stateAddressOf(outputs: BlobAddress): BlobAddress {
  const { endpoint, path, isEmulator } = outputs
  const container = `${outputs.container.replace(/^\$/, '')}${STATE_ENDING}`
  if (container.length > MAX_CONTAINER_LENGTH)
    throw sluiceError('USAGE', {
      at: outputs.place,
      message: `the name is too long for "${container}", which would hold the state`,
      help: 'give --state',
    })
  return {
    ...outputs,
    container,
    place: [isEmulator ? 'azurite:/' : endpoint, container, path].filter(Boolean).join('/'),
  }
}
