import { randomBytes } from 'node:crypto'
import { isSluiceError } from '../errors.js'
import type { FhirVersion } from '../fhir/version.js'
import type { Catalog, Snapshot } from './catalog.js'
import type { Level } from './criteria.js'
import type { ConfigStore } from './export-run.js'
import { hasGroup } from './group.js'
import { type HttpAnswer, type HttpRequest, outcomeAnswer } from './http-message.js'
import type { JobRecord } from './job.js'
import type { JobQueue } from './job-queue.js'
import { patientKey } from './line-facts.js'
import { linesOf } from './line-index.js'
import { type ExportOrder, readParameters } from './parameters.js'
import { bodyParameters, queryParameters } from './parameters-resource.js'
import { badRequest, notFound, onlyAnonymizedData, Refusal } from './refusal.js'
import { type Grant, permits } from './scopes.js'
import type { ServerEvent } from './server-event.js'

export interface KickOffOptions {
  /** `https://example.org/fhir` */
  readonly baseUrl: () => string
  readonly version: FhirVersion
  readonly catalog: Catalog
  readonly queue: JobQueue
  /** Absent where anonymized exports are not set up. */
  readonly configs?: ConfigStore
  readonly requiresAccessToken: boolean
  /** Raw exports are refused. */
  readonly onlyAnonymized: boolean
  readonly onEvent: (event: ServerEvent) => void
}

/** Answers `$export`: 202 with the status URL, or why not. Throws Refusal. */
export async function kickOff(
  options: KickOffOptions,
  request: HttpRequest,
  { level, grant }: { readonly level: Level; readonly grant: Grant },
): Promise<HttpAnswer> {
  const isLenient = checkHeaders(request)
  const isPost = request.method === 'POST'
  const given = isPost ? bodyParameters(request) : queryParameters(request)
  const order = narrowed(
    readParameters(given, { level, version: options.version, nowMs: Date.now(), isLenient, isPost }),
    grant,
    level,
  )
  await checkAnonymization(options, order)
  if (level.kind !== 'system') await checkPatients(options.catalog, order)
  const job = jobOf(options, request, { order, grant })
  await options.queue.submit(job)
  const { types, sinceMs, untilMs, filters, patients } = order.criteria
  options.onEvent({
    event: 'export.queued',
    level: 'info',
    job: job.id,
    client: grant.client,
    address: request.address,
    exportLevel: level.kind,
    types,
    since: isoOf(sinceMs),
    until: isoOf(untilMs),
    filterCount: filters.length,
    patientCount: patients?.length,
    anonymizationConfig: order.anonymize?.config,
    container: order.anonymize?.container,
  })
  return outcomeAnswer(
    202,
    {
      severity: 'information',
      code: 'informational',
      text: 'The export was queued; poll its Content-Location.',
    },
    { 'content-location': `${options.baseUrl()}/_operations/export/${job.id}` },
  )
}

const isoOf = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString()

/** Whether the client takes what is supported for what it asked. Throws Refusal for what cannot be answered. */
function checkHeaders(request: HttpRequest): boolean {
  const accept = (request.header('accept') ?? '*/*')
    .split(',')
    .map((part) => part.split(';')[0].trim().toLowerCase())
  if (!accept.some((type) => ACCEPTED.includes(type)))
    throw new Refusal('Accept must allow application/fhir+json.', { status: 406, code: 'not-supported' })
  const preferences = (request.header('prefer') ?? '').split(/[,;]/).map((part) => part.trim().toLowerCase())
  if (!preferences.includes('respond-async'))
    throw badRequest('Prefer must be respond-async: exports are answered asynchronously only.', 'required')
  return preferences.includes('handling=lenient')
}

const ACCEPTED = ['application/fhir+json', 'application/json', 'application/*', '*/*', '']

/** Only what the token allows: types that are named must be allowed, otherwise the allowed ones are exported. */
function narrowed(order: ExportOrder, grant: Grant, level: Level): ExportOrder {
  if (grant.types === undefined) return order
  const { types } = order.criteria
  const needed = level.kind === 'patient' ? ['Patient'] : level.kind === 'group' ? ['Group', 'Patient'] : []
  const refused = [...needed, ...(types ?? [])].filter((type) => !permits(grant, type))
  if (refused.length > 0)
    throw new Refusal(`The token's scopes do not allow to read ${[...new Set(refused)].join(', ')}.`, {
      status: 403,
      code: 'forbidden',
    })
  const withProvenance = order.criteria.withProvenance && permits(grant, 'Provenance')
  return { ...order, criteria: { ...order.criteria, types: types ?? grant.types, withProvenance } }
}

async function checkAnonymization(
  { configs, onlyAnonymized }: KickOffOptions,
  { anonymize }: ExportOrder,
): Promise<void> {
  if (anonymize === undefined) {
    if (!onlyAnonymized) return
    throw onlyAnonymizedData()
  }
  if (configs === undefined)
    throw badRequest('The anonymized export operation is not enabled on this server.', 'not-supported')
  const { collection } = anonymize
  if (collection === undefined) return
  if (!COLLECTION.test(collection) || collection.includes('..'))
    throw badRequest('_anonymizationConfigCollectionReference is invalid.', 'value')
  if (!(await configs.hasCollection(collection)))
    throw badRequest('_anonymizationConfigCollectionReference is not configured on this server.', 'value')
}

/** `registry.example.org/name:tag`, `…@sha256:digest` */
const COLLECTION =
  /^[a-z0-9][a-z0-9.-]*(?::\d{1,5})?(?:\/[a-z0-9][a-z0-9._-]*)+(?::[\w][\w.-]{0,127}|@sha256:[0-9a-f]{64})?$/i

/** How long a kick-off waits for an index that is being built. */
const INDEX_WAIT_MS = 10_000

/** Whether the group and the patients exist. */
async function checkPatients(
  catalog: Catalog,
  { criteria: { level, patients } }: ExportOrder,
): Promise<void> {
  const snapshot = await currentSnapshot(catalog)
  if (level.kind === 'group' && !hasGroup(snapshot, level.id)) throw notFound('The Group was not found.')
  if (patients === undefined) return
  const missing = new Set(patients.map(patientKey))
  for (const index of snapshot.items) {
    const type = index.types.findIndex(({ name }) => name === 'Patient')
    if (type < 0) continue
    for await (const lines of linesOf(catalog.folder, index))
      for (const line of lines) if (line.type === type) for (const key of line.patients) missing.delete(key)
    if (missing.size === 0) return
  }
  if (missing.size > 0)
    throw badRequest(`${missing.size} of the patients are unknown to this server.`, 'not-found')
}

async function currentSnapshot(catalog: Catalog): Promise<Snapshot> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(indexing()), INDEX_WAIT_MS)
  })
  try {
    return await Promise.race([catalog.refresh(), late])
  } catch (error) {
    // The server ends: another one will have read it.
    throw isSluiceError(error) && error.code === 'INTERRUPTED' ? indexing() : error
  } finally {
    clearTimeout(timer)
  }
}

const indexing = (): Refusal =>
  new Refusal('The server is reading new data; ask again.', {
    status: 503,
    code: 'transient',
    retryAfterSeconds: 30,
  })

function jobOf(
  { baseUrl, requiresAccessToken }: KickOffOptions,
  { method, query }: HttpRequest,
  { order, grant }: { readonly order: ExportOrder; readonly grant: Grant },
): JobRecord {
  const { level } = order.criteria
  const at = level.kind === 'system' ? '' : level.kind === 'patient' ? '/Patient' : `/Group/${level.id}`
  const asked = method === 'POST' || query.size === 0 ? '' : `?${query.toString()}`
  return {
    id: randomBytes(16).toString('hex'),
    client: grant.client,
    createdAt: new Date().toISOString(),
    request: `${baseUrl()}${at}/$export${asked}`,
    requiresAccessToken,
    criteria: order.criteria,
    ...(order.anonymize === undefined ? {} : { anonymize: order.anonymize }),
    notes: order.notes,
    state: 'queued',
    output: [],
    errors: [],
  }
}
