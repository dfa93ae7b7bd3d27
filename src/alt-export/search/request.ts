import { IDS } from '../definition.js'

/** One request: a search by GET, or by POST with the parameters as a form. */
export interface SearchRequest {
  readonly url: URL
  readonly form?: string | undefined
}

/** Servers, proxies and their logs cut or refuse addresses that are much longer. */
export const MAX_URL_LENGTH = 2000

/** How many ids one request may have: one where they stand in the path, such as `Patient/$IDS/$everything`. */
export const idsPerRequest = (search: string, most: number): number =>
  pathOf(search).includes(IDS) ? 1 : search.includes(IDS) ? most : Number.POSITIVE_INFINITY

const pathOf = (search: string): string => search.split('?', 1)[0] ?? ''

/** The search for these ids by GET, whatever its length. */
export function searchRequest(base: URL, search: string, ids: readonly string[]): SearchRequest {
  const path = pathOf(search)
  const list = ids.map(inQuery).join(',')
  const text =
    path.replaceAll(IDS, () => ids.map((id) => encodeURIComponent(id)).join(',')) +
    search.slice(path.length).replaceAll(IDS, () => list)
  return { url: new URL(`./${text.replace(/^\/+/, '')}`, base) }
}

/** Whether a search is too long for an address. */
export const isTooLong = ({ url, form }: SearchRequest): boolean =>
  form === undefined && url.href.length > MAX_URL_LENGTH

/** The same search by POST (FHIR, "Variant searches"); undefined for what is not a search, such as an operation. */
export function byPost({ url, form }: SearchRequest): SearchRequest | undefined {
  if (form !== undefined || url.search === '' || /\$/.test(url.pathname)) return undefined
  const target = new URL(url)
  target.search = ''
  if (!target.pathname.endsWith('/_search')) target.pathname = `${target.pathname.replace(/\/$/, '')}/_search`
  return { url: target, form: url.search.slice(1) }
}

/** Some servers have ids that FHIR does not allow; what separates values in a search is escaped (FHIR, 3.2.1.5.7). */
const inQuery = (id: string): string =>
  /^[\w.-]+$/.test(id) ? id : encodeURIComponent(id.replaceAll(/[\\,$|]/g, (one) => `\\${one}`))
