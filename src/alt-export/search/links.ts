import type { FhirServer } from '../../fhir-client/server.js'
import { isWeb } from '../../http/client.js'

/** Whether an address is of the same server: below the base, or of an origin that the user trusts. */
export function isOfServer(url: URL, server: Pick<FhirServer, 'base' | 'isTrusted'>): boolean {
  const { base } = server
  if (!isWeb(url) || url.username !== '' || url.password !== '') return false
  if (base.protocol === 'https:' && url.protocol === 'http:') return false
  if (url.origin !== base.origin) return server.isTrusted(url)
  // HAPI's pages are at the base itself, without the slash.
  return url.pathname.startsWith(base.pathname) || `${url.pathname}/` === base.pathname
}
