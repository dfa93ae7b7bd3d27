import { randomBytes } from 'node:crypto'
import { isSluiceError } from '../../errors.js'
import type { FhirVersion } from '../../fhir/version.js'
import type { Source } from '../../storage/store.js'
import { type Grant, permits } from '../auth/scopes.js'
import type { Catalog } from '../catalog/catalog.js'
import { patientKey, resourceKey } from '../catalog/line-facts.js'
import { linesOf } from '../catalog/line-records.js'
import { type HttpAnswer, type HttpRequest, outcomeAnswer } from '../http/http-message.js'
import type { ConfigStore } from '../jobs/export-work.js'
import type { JobRecord } from '../jobs/job.js'
import type { JobQueue } from '../jobs/job-queue.js'
import type { Level } from '../query/criteria.js'
import { type CurrentSnapshot, findGroup, groupMembers } from '../query/group.js'
import { badRequest, notFound, onlyAnonymizedData, Refusal } from '../refusal.js'
import type { ServerEvent } from '../server-event.js'
import { turns } from '../turns.js'
import { type ExportOrder, readParameters } from './parameters.js'
import { bodyParameters, queryParameters } from './parameters-resource.js'

export interface KickOffOptions {
  /** `https://example.org/fhir` */
  readonly baseUrl: () => string
  readonly version: FhirVersion
  readonly source: Source
  readonly catalog: Catalog
  readonly queue: JobQueue
  /** Absent if anonymized exports are not configured. */
  readonly configs?: ConfigStore
  readonly requiresAccessToken: boolean
  /** Whether raw exports are refused. */
  readonly onlyAnonymized: boolean
  readonly onEvent: (event: ServerEvent) => void
}

/** Answers `$export` with 202 and the status URL. Throws Refusal. */
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
  if (level.kind !== 'system') await checkPatients(options, order)
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

/** Whether the client asked for lenient handling. Throws Refusal if the request cannot be answered. */
function checkHeaders(request: HttpRequest): boolean {
  if (!acceptsJson(request))
    throw new Refusal('Accept must allow application/fhir+json.', { status: 406, code: 'not-supported' })
  if (!preferencesOf(request).includes('respond-async'))
    throw badRequest('Prefer must be respond-async: exports are answered asynchronously only.', 'required')
  return isLenientRequest(request)
}

const preferencesOf = (request: HttpRequest): string[] =>
  (request.header('prefer') ?? '').split(/[,;]/).map((part) => part.trim().toLowerCase())

/** Whether the client accepts an answer without unsupported parameters. */
export const isLenientRequest = (request: HttpRequest): boolean =>
  preferencesOf(request).includes('handling=lenient')

/** Whether the client accepts FHIR JSON. */
export const acceptsJson = (request: HttpRequest): boolean =>
  (request.header('accept') ?? '*/*')
    .split(',')
    .some((part) => ACCEPTED.includes(part.replace(/;.*$/s, '').trim().toLowerCase()))

const ACCEPTED = ['application/fhir+json', 'application/json', 'application/*', '*/*', '']

/** Restricts the types to those that the token allows. Types named in the request must be allowed. */
function narrowed(order: ExportOrder, grant: Grant, level: Level): ExportOrder {
  if (grant.types === undefined) return order
  const { types } = order.criteria
  const needed = level.kind === 'patient' ? ['Patient'] : level.kind === 'group' ? ['Group', 'Patient'] : []
  const refused = [...needed, ...(types ?? [])].filter((type) => !permits(grant, type))
  if (refused.length > 0)
    throw new Refusal(`The token's scopes do not allow reading ${[...new Set(refused)].join(', ')}.`, {
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

/** Maximum time that a kick-off waits for an index being built. */
const INDEX_WAIT_MS = 10_000

/** Checks that the group and the patients exist, and that the patients are in the group. */
async function checkPatients(
  { source, catalog }: KickOffOptions,
  { criteria: { level, patients } }: ExportOrder,
): Promise<void> {
  const state = await currentState(catalog)
  if (level.kind === 'group' && findGroup(state, level.id) === undefined)
    throw notFound('The Group was not found.')
  if (patients === undefined) return
  const missing = await unknownPatients(catalog, state, patients)
  if (missing > 0) throw badRequest(`${missing} of the patients are unknown to this server.`, 'not-found')
  if (level.kind !== 'group') return
  const members = await groupMembers(source, state, { id: level.id, nowMs: Date.now() })
  const outsiders = patients.filter((id) => members?.keys.has(patientKey(id)) !== true)
  if (outsiders.length > 0)
    throw badRequest(`${outsiders.length} of the patients are not active members of the group.`, 'value')
}

/** Counts the patients that the store does not hold. */
async function unknownPatients(
  catalog: Catalog,
  { snapshot, current }: CurrentSnapshot,
  patients: readonly string[],
): Promise<number> {
  const missing = new Set(patients.map((id) => resourceKey('Patient', id)))
  const turn = turns()
  for (const index of snapshot.items) {
    if (!index.types.some(({ name }) => name === 'Patient')) continue
    let line = -1
    for await (const lines of linesOf(catalog.folder, index)) {
      for (const { own } of lines) {
        line += 1
        if (missing.has(own) && current.isCurrent(index, line)) missing.delete(own)
      }
      if (missing.size === 0) return 0
      await turn()
    }
  }
  return missing.size
}

/** Lists the store. Throws Refusal 503 if that takes too long. */
export async function currentState(catalog: Catalog): Promise<CurrentSnapshot> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(indexing()), INDEX_WAIT_MS)
  })
  const read = async (): Promise<CurrentSnapshot> => {
    const snapshot = await catalog.refresh()
    return { snapshot, current: await catalog.current(snapshot) }
  }
  try {
    return await Promise.race([read(), late])
  } catch (error) {
    // This server is stopping; the next one will have read the store.
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
