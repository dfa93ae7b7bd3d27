import { sluiceError } from '../../errors.js'
import { type JobKind, type PollOptions, pollJobs } from '../../fhir-client/job-poll.js'
import type { FhirServer } from '../../fhir-client/server.js'
import { isManifest, type Manifest, nextPage, parseManifest } from './manifest.js'

export type Polled =
  | { readonly kind: 'complete'; readonly manifest: Manifest }
  /** The server does not know the job, or no longer does. */
  | { readonly kind: 'lost' }

const EXPORT: JobKind = {
  name: 'export',
  result: 'a manifest',
  failed: 'EXPORT_FAILED',
  overdue: 'EXPORT_OVERDUE',
  accept: 'application/json',
  statusHeader: 'x-export-status',
}

// Limit for all pages together.
const MAX_MANIFEST_BYTES = 256 * 2 ** 20
const MAX_PAGES = 100_000

/**
 * Polls until the manifest and all its pages are complete. Throws EXPORT_FAILED for a job that failed, EXPORT_OVERDUE
 * after the limit, EXPORT_INVALID, AUTH_FAILED, SERVICE_UNAVAILABLE, INTERRUPTED.
 */
export async function pollManifest(
  server: FhirServer,
  statusUrl: URL,
  options: PollOptions,
): Promise<Polled> {
  const polling = pollJobs(server, EXPORT, options)
  const pages: Readonly<Record<string, unknown>>[] = []
  const addresses = new Set<string>()
  let leftBytes = MAX_MANIFEST_BYTES
  for (let url: URL | undefined = statusUrl; url !== undefined; ) {
    addresses.add(url.href)
    const page = await polling.wait(url, { maxBytes: leftBytes, read: readPage })
    if (page === undefined && pages.length > 0) throw invalid('does not have a page of its manifest', server)
    if (page === undefined) return { kind: 'lost' }
    pages.push(page.body)
    leftBytes -= page.bytes
    url = nextPage(page.body, server)
    if (pages.length === MAX_PAGES || (url !== undefined && addresses.has(url.href)))
      throw invalid('its manifest has no end', server)
  }
  return { kind: 'complete', manifest: parseManifest(pages, server) }
}

interface Page {
  readonly body: Readonly<Record<string, unknown>>
  readonly bytes: number
}

const readPage = (body: Readonly<Record<string, unknown>>, text: string): Page | undefined =>
  isManifest(body) ? { body, bytes: Buffer.byteLength(text) } : undefined

const invalid = (message: string, { base }: FhirServer) =>
  sluiceError('EXPORT_INVALID', { at: base.href, message })
