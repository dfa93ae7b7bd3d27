import { sluiceError } from '../../errors.js'
import { Secret } from '../../secret.js'
import { checkSas, type SasFacts } from './sas-facts.js'

/** Where a store is, as it was named. */
export type Address = { readonly kind: 'folder'; readonly path: string } | BlobAddress

export interface BlobAddress {
  readonly kind: 'blob'
  /** For messages and reports: as it was named, without credentials. */
  readonly place: string
  /** Of the blob service, with the account's name where it stands in the path: no `/` at its end. */
  readonly endpoint: string
  readonly account: string
  readonly container: string
  /** Below the container: no `/` around it, empty for the container itself. */
  readonly path: string
  /** One of Azure's own hosts: only there an identity's token is sent. */
  readonly isAzure: boolean
  /** Named as `azurite://…`. */
  readonly isEmulator: boolean
  readonly sas?: { readonly query: Secret; readonly facts: SasFacts }
}

/** Where `azurite://` leads. */
export interface Emulator {
  readonly endpoint: string
  readonly account: string
}

/** The default port of Azurite. */
const EMULATOR: Emulator = {
  endpoint: 'http://127.0.0.1:10000/devstoreaccount1',
  account: 'devstoreaccount1',
}

// Public and sovereign clouds, and the accounts with a DNS zone of their own.
const AZURE_HOST =
  /^([a-z0-9]{3,24})(?:-secondary)?(\.z\d+)?\.(blob|dfs)\.(core\.windows\.net|core\.chinacloudapi\.cn|core\.usgovcloudapi\.net|core\.cloudapi\.de|storage\.azure\.net)$/
const CONTAINER = /^(?:\$root|\$web|\$logs|[a-z0-9](?:[a-z0-9]|-(?!-)){1,61}[a-z0-9])$/
// What a slip of the hand makes of an address is not a folder.
const LOOKS_REMOTE = /^(?:https?|abfss|azurite):|^[^/]+\.(?:blob|dfs)\.[^/]+\.[^/]+\//i
// A folder may be called sig=1.
const HOLDS_SAS = /(?:[?&]|%3f|%26)sig(?:=|%3d)|(?:^|\/)sig(?:=|%3d)[^/]*(?:&|%26)/i
const SCHEME = /^([a-z][a-z0-9+.-]+):\/\//i

/**
 * `https://account.blob.core.windows.net/container/prefix`, the same with `dfs`, `abfss://filesystem@account.dfs…/path`,
 * `https://host/account/container/prefix`, `azurite://container/prefix`, or the path of a folder or file.
 * A SAS is what stands behind `?`. Throws USAGE, which never repeats one.
 */
export function parseAddress(text: string, emulator: Emulator = EMULATOR): Address {
  const scheme = SCHEME.exec(text)?.[1].toLowerCase()
  if (scheme === undefined) {
    if (LOOKS_REMOTE.test(text) || HOLDS_SAS.test(text))
      throw wrong(text, 'begins with no scheme: write https:// before it')
    return { kind: 'folder', path: text }
  }
  const place = withoutSas(text)
  if (!['http', 'https', 'abfss', 'azurite'].includes(scheme))
    throw wrong(text, `is of a kind that is not known: give a path, https://, abfss:// or azurite://`)
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw wrong(place, 'is no address that can be read')
  }
  if (url.hash !== '') throw wrong(place, 'has a "#": write it as %23')
  if (url.password !== '' || (url.username !== '' && scheme !== 'abfss'))
    throw wrong(place, 'has a name or password before "@"; give a SAS, or credentials in the environment')
  if (HOLDS_SAS.test(url.pathname)) throw wrong(place, 'has a SAS that no "?" begins')
  const parts = partsOf(url, scheme, emulator, place)
  const [container = '', ...rest] = parts.segments
  if (!CONTAINER.test(container))
    throw wrong(
      place,
      container === ''
        ? 'names no container'
        : 'names a container that cannot be: 3 to 63 lower-case letters, digits and single hyphens',
    )
  const query = url.search.slice(1)
  return {
    kind: 'blob',
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
  /** Container and path, decoded. */
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
      throw wrong(place, 'must be abfss://filesystem@account.dfs.core.windows.net/path')
    return { ...azure(host), segments: [decoded(url.username, place), ...path], isAzure: true }
  }
  if (host === null) {
    if (scheme === 'http' && !isNear(url.hostname))
      throw wrong(place, 'must begin with https://, as what it holds could be read on its way')
    const [account = '', ...segments] = path
    if (!/^[a-z0-9]{3,24}$/.test(account))
      throw wrong(place, "is no storage account's; of another host it must be https://host/account/container")
    return { endpoint: `${url.origin}/${account}`, account, segments, isAzure: false }
  }
  if (scheme === 'http') throw wrong(place, 'must begin with https://')
  return { ...azure(host), segments: path, isAzure: true }
}

/** This machine, or a name without a domain: a container of the same network. */
const isNear = (hostname: string): boolean => /^(?:127(?:\.\d+){3}|\[::1\]|[^.:]+)$/.test(hostname)

/** The blob endpoint serves hierarchical accounts too. */
const azure = ([, account, zone = '', , suffix]: RegExpExecArray) => ({
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
    throw wrong(place, 'has a "%" that begins no %XX: write it as %25')
  }
}

/** For people; rather too little of it than a signature. */
const withoutSas = (text: string): string =>
  text.replace(/[?#].*$/s, '').replace(/[^/]*sig(?:=|%3d).*$/is, '…')

const wrong = (text: string, why: string) =>
  sluiceError('USAGE', `The address ${why}.`, {
    blame: 'user',
    retry: 'never',
    at: withoutSas(text).replace(/^([a-z][a-z0-9+.-]*:\/*).*@/is, '$1…@'),
  })
