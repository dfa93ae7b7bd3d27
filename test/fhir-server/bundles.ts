import { randomUUID } from 'node:crypto'
import { isRecord } from '../../src/json/record.js'
import { requestOf } from './bundle-entry.js'
import type { EntryFault } from './faults.js'
import { type Done, perform, type Service } from './interactions.js'
import { operationOutcome, Refusal, refusalOf } from './refusal.js'
import type { BundleEntry } from './resource.js'
import { transaction } from './transaction.js'
import { checkResource } from './validation.js'

export interface SentBundle {
  readonly type: 'batch' | 'transaction'
  readonly entries: readonly BundleEntry[]
  /** `METHOD url` of each entry. */
  readonly lines: readonly string[]
}

/** What was sent to the base. Throws 400 where it is not a Bundle to do. */
export function bundleFrom(value: unknown): SentBundle {
  if (!isRecord(value) || value.resourceType !== 'Bundle')
    throw new Refusal(400, 'invalid', 'the base takes a Bundle')
  const { type, entry = [] } = value
  if (type !== 'batch' && type !== 'transaction')
    throw new Refusal(400, 'invalid', 'the Bundle is neither a batch nor a transaction')
  if (!Array.isArray(entry) || !entry.every(isRecord))
    throw new Refusal(400, 'structure', 'the entries of the Bundle are not a list of objects')
  const entries = entry as readonly BundleEntry[]
  return { type, entries, lines: entries.map(({ request }) => `${request?.method} ${request?.url}`) }
}

/** Does a Bundle and gives the answer to it. Throws a Refusal where a transaction fails: then nothing of it is done. */
export function performBundle(
  service: Service,
  { type, entries }: SentBundle,
  faults: readonly (EntryFault | undefined)[],
): object {
  if (type === 'batch' && service.options.refusesWholeBatch === true) checkResources(entries)
  const results =
    type === 'transaction'
      ? transaction(service, entries, faults).map((done) => succeeded(service, done))
      : entries.map((entry, index) => batchEntry(service, entry, faults[index]))
  return { resourceType: 'Bundle', id: randomUUID(), type: `${type}-response`, entry: results }
}

/** What cannot be parsed is refused as a whole, without a place. */
function checkResources(entries: readonly BundleEntry[]): void {
  for (const { resource } of entries) if (resource !== undefined) checkResource(resource)
}

/** Entries of a batch know nothing of each other: a `urn:uuid` in a reference stays what it is. */
function batchEntry(service: Service, entry: BundleEntry, fault: EntryFault | undefined): object {
  try {
    if (fault !== undefined && fault.acted !== true) return faulted(fault)
    const done = perform(service, requestOf(entry), entry.resource)
    return fault === undefined ? succeeded(service, done) : faulted(fault)
  } catch (error) {
    const { status, code, message } = refusalOf(error)
    return {
      response: { status: statusText(service, status), outcome: operationOutcome(code, message) },
    }
  }
}

const faulted = ({ status, diagnostics = 'refused by script' }: EntryFault): object => ({
  response: { status, outcome: operationOutcome(codeOf(status), diagnostics) },
})

const codeOf = (status: string): string => (status.startsWith('429') ? 'throttled' : 'processing')

function succeeded(service: Service, { status, version, body }: Done): object {
  const response: Record<string, unknown> = { status: statusText(service, status) }
  if (version !== undefined && body === undefined) {
    const root = service.options.locations === 'absolute' ? `${service.base()}/` : ''
    response.location = `${root}${version.key}/_history/${version.version}`
  }
  if (version !== undefined) {
    response.etag = `W/"${version.version}"`
    response.lastModified = new Date(version.updatedMs).toISOString()
  }
  if (service.options.successOutcomes === true) response.outcome = DONE
  return { ...(body !== undefined && { resource: body }), response }
}

const DONE = {
  resourceType: 'OperationOutcome',
  issue: [{ severity: 'information', code: 'informational', diagnostics: 'done' }],
}

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  204: 'No Content',
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  410: 'Gone',
  412: 'Precondition Failed',
  422: 'Unprocessable Entity',
  500: 'Internal Server Error',
}

const statusText = ({ options }: Service, status: number): string =>
  options.statusText === 'reason' ? `${status} ${REASONS[status] ?? ''}` : String(status)
