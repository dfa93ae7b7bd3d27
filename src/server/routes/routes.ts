import { join } from 'node:path'
import type { FhirVersion } from '../../fhir/version.js'
import type { createServerMetrics } from '../../metrics/registry.js'
import { folderSource } from '../../storage/folder/folder.js'
import type { Source } from '../../storage/store.js'
import type { Guard } from '../auth/guard.js'
import { type Grant, permits } from '../auth/scopes.js'
import type { TokenEndpoint } from '../auth/token-endpoint.js'
import type { Catalog } from '../catalog/catalog.js'
import {
  FHIR_JSON,
  type HttpAnswer,
  type HttpRequest,
  jsonAnswer,
  outcomeAnswer,
  type Route,
} from '../http/http-message.js'
import type { RateLimit } from '../http/rate-limit.js'
import type { ConfigStore, ContainerStore } from '../jobs/export-work.js'
import { containerFolder, type JobRecord, type OutputFile } from '../jobs/job.js'
import type { JobQueue } from '../jobs/job-queue.js'
import type { JobStore } from '../jobs/job-store.js'
import type { Level } from '../query/criteria.js'
import { badRequest, notFound, Refusal } from '../refusal.js'
import type { ServerEvent } from '../server-event.js'
import { type AltExportRouteParts, altExportRoutes } from './alt-export.js'
import { capabilityStatement, smartConfiguration } from './capability.js'
import { downloadAnswer } from './download.js'
import { groupRead, groupSearch } from './group-search.js'
import { type ImportRouteParts, importRoutes } from './import-bundle.js'
import { kickOff } from './kick-off.js'
import { statusAnswer } from './status.js'

export interface RouteParts {
  /** Path of the FHIR routes: `/fhir`, or empty. */
  readonly path: string
  readonly baseUrl: () => string
  /** Token endpoint of another server, for the discovery document. */
  readonly tokenUrl: string | undefined
  readonly source: Source
  readonly catalog: Catalog
  readonly store: JobStore
  readonly queue: JobQueue
  readonly guard: Guard
  readonly tokens: TokenEndpoint | undefined
  readonly metrics: ReturnType<typeof createServerMetrics>
  readonly version: FhirVersion
  readonly softwareVersion: string
  readonly requiresAccessToken: boolean
  readonly onlyAnonymized: boolean
  readonly anonymization?: { readonly configs: ConfigStore; readonly containers: ContainerStore }
  readonly altExport?: Pick<AltExportRouteParts, 'jobs' | 'readDefinition' | 'now'>
  readonly imports?: Pick<ImportRouteParts, 'guard' | 'inbox'>
  readonly polls: RateLimit
  readonly isStopping: () => boolean
  readonly onEvent: (event: ServerEvent) => void
}

/** Maximum body of a token request or a search: a few kilobytes, since it is read before authentication. */
const MAX_FORM_BYTES = 64 * 1024

/** Builds all routes of the server. */
export const routesOf = (parts: RouteParts): Route[] => [
  ...operationRoutes(parts),
  ...discoveryRoutes(parts),
  ...kickOffRoutes(parts),
  ...groupRoutes(parts),
  ...jobRoutes(parts),
  ...(parts.altExport === undefined ? [] : altExportRoutes({ ...parts, ...parts.altExport })),
  ...(parts.imports === undefined ? [] : importRoutes({ ...parts, ...parts.imports })),
]

/** Routes for the operator of the server. */
function operationRoutes({ metrics, catalog, isStopping }: RouteParts): Route[] {
  const get = (path: string, handle: Route['handle']): Route => ({ method: 'GET', path, name: path, handle })
  return [
    get('/healthz', async () => jsonAnswer(200, { status: 'ok' })),
    get('/readyz', async () =>
      catalog.last === undefined || isStopping()
        ? jsonAnswer(503, { status: isStopping() ? 'stopping' : 'indexing' }, { 'retry-after': '5' })
        : jsonAnswer(200, { status: 'ready' }),
    ),
    get('/metrics', async () => ({
      status: 200,
      headers: { 'content-type': metrics.contentType },
      body: await metrics.text(),
    })),
  ]
}

function discoveryRoutes(parts: RouteParts): Route[] {
  const { path, baseUrl, tokens, version, softwareVersion, requiresAccessToken } = parts
  const tokenUrl = (): string | undefined =>
    tokens === undefined ? parts.tokenUrl : `${baseUrl()}/auth/token`
  const date = new Date().toISOString()
  const routes: Route[] = [
    {
      method: 'GET',
      path: `${path}/metadata`,
      name: 'metadata',
      handle: async () => {
        const url = tokenUrl()
        const statement = capabilityStatement({
          baseUrl: baseUrl(),
          version,
          softwareVersion,
          date,
          hasAuthorization: requiresAccessToken,
          hasGroups: !parts.onlyAnonymized,
          ...(url === undefined ? {} : { tokenUrl: url }),
        })
        return jsonAnswer(200, statement, { 'content-type': FHIR_JSON })
      },
    },
    {
      method: 'GET',
      path: `${path}/.well-known/smart-configuration`,
      name: 'smart-configuration',
      handle: async () => {
        const url = tokenUrl()
        if (url === undefined)
          throw notFound('This server needs no authorization, or does not say where tokens come from.')
        return jsonAnswer(200, smartConfiguration(url), { 'content-type': 'application/json' })
      },
    },
  ]
  if (tokens !== undefined)
    routes.push({
      method: 'POST',
      path: `${path}/auth/token`,
      name: 'token',
      maxBodyBytes: MAX_FORM_BYTES,
      handle: (request) => tokens.handle(request),
    })
  return routes
}

function kickOffRoutes(parts: RouteParts): Route[] {
  const { path, guard, anonymization } = parts
  const start =
    (levelOf: (request: HttpRequest) => Level): Route['handle'] =>
    async (request) => {
      const grant = await guard(request)
      const options = anonymization === undefined ? parts : { ...parts, configs: anonymization.configs }
      return kickOff(options, request, { level: levelOf(request), grant })
    }
  const levels: readonly [string, string, (request: HttpRequest) => Level][] = [
    ['/$export', 'export', () => ({ kind: 'system' })],
    ['/Patient/$export', 'patient-export', () => ({ kind: 'patient' })],
    ['/Group/:id/$export', 'group-export', ({ params }) => ({ kind: 'group', id: params.id ?? '' })],
  ]
  const refuse: Route['handle'] = async () => {
    throw otherLevel()
  }
  return [
    ...levels.flatMap(([at, name, levelOf]) =>
      (['GET', 'POST'] as const).map((method) => ({
        method,
        path: `${path}${at}`,
        name,
        handle: start(levelOf),
      })),
    ),
    ...['/:type/$export', '/:type/:id/$export'].map((at) => ({
      method: 'GET' as const,
      path: `${path}${at}`,
      name: 'other-export',
      handle: refuse,
    })),
  ]
}

const otherLevel = (): Refusal =>
  badRequest('$export is supported for the system, Patient and Group/[id] only.', 'not-supported')

/** Routes by which clients find the groups they may export (Bulk Data Access, "Groups"). */
function groupRoutes(parts: RouteParts): Route[] {
  const { path, guard } = parts
  const search: Route['handle'] = async (request) => groupSearch(parts, request, await guard(request))
  return [
    { method: 'GET', path: `${path}/Group`, name: 'group-search', handle: search },
    {
      method: 'POST',
      path: `${path}/Group/_search`,
      name: 'group-search',
      maxBodyBytes: MAX_FORM_BYTES,
      handle: search,
    },
    {
      method: 'GET',
      path: `${path}/Group/:id`,
      name: 'group-read',
      handle: async (request) => {
        if (request.params.id === '$export') throw otherLevel()
        return groupRead(parts, request, await guard(request))
      },
    },
  ]
}

const noSuchJob = (): Refusal => notFound('There is no such export, or it was deleted or has expired.')

function jobRoutes(parts: RouteParts): Route[] {
  const { path, queue, polls, baseUrl, onEvent } = parts
  const status = `${path}/_operations/export/:id`
  const file: Route['handle'] = (request) => download(parts, request)
  return [
    {
      method: 'GET',
      path: status,
      name: 'status',
      handle: async (request) => {
        const { job } = await ownJob(parts, request)
        polls.take(job.id)
        return statusAnswer(job, queue.progressOf(job.id), baseUrl())
      },
    },
    {
      method: 'DELETE',
      path: status,
      name: 'cancel',
      handle: async (request) => {
        const { job } = await ownJob(parts, request)
        onEvent({ event: 'export.deleted', level: 'info', job: job.id, client: job.client, state: job.state })
        await queue.remove(job.id)
        const text = 'The export was deleted.'
        return outcomeAnswer(202, { severity: 'information', code: 'informational', text })
      },
    },
    { method: 'GET', path: `${status}/:name`, name: 'file', handle: file },
    { method: 'HEAD', path: `${status}/:name`, name: 'file', handle: file },
  ]
}

/** Finds a job for the client that started it; raw jobs are hidden if only anonymized data may leave. */
async function ownJob(
  { guard, queue, requiresAccessToken, onlyAnonymized }: RouteParts,
  request: HttpRequest,
): Promise<{ readonly job: JobRecord; readonly grant: Grant }> {
  const grant = await guard(request)
  const job = queue.get(request.params.id ?? '')
  // Without authorization, anyone who knows the job's random id may read it.
  if (job === undefined || (requiresAccessToken && job.client !== grant.client)) throw noSuchJob()
  if (onlyAnonymized && job.anonymize === undefined) throw noSuchJob()
  return { job, grant }
}

async function download(parts: RouteParts, request: HttpRequest): Promise<HttpAnswer> {
  const { queue, metrics, onEvent } = parts
  const { job, grant } = await ownJob(parts, request)
  const file = [...job.output, ...(job.deleted ?? []), ...job.errors].find(
    ({ name }) => name === request.params.name,
  )
  if (file === undefined) throw notFound('The export has no such file.')
  const refused = (file.names ?? [file.type]).filter((type) => !permits(grant, type))
  if (refused.length > 0)
    throw new Refusal(`The token's scopes do not allow reading ${refused.join(', ')}.`, {
      status: 403,
      code: 'forbidden',
    })
  const { type, name, bytes } = file
  onEvent({
    event: 'file.requested',
    level: 'info',
    job: job.id,
    client: grant.client,
    file: name,
    type,
    bytes,
  })
  const end = once(queue.reading(job.id))
  try {
    const stored = { source: await sourceOf(parts, job, file), ...file }
    const answer = await downloadAnswer(stored, request, {
      onBytes: (count) => metrics.bytesSent(count),
      onEnd: end,
      onEvent: (event) => onEvent({ ...event, job: job.id, file: name }),
    })
    return answer
  } catch (error) {
    end()
    throw error
  }
}

function once(action: () => void): () => void {
  let isDone = false
  return () => {
    if (isDone) return
    isDone = true
    action()
  }
}

async function sourceOf(
  { source, store, anonymization }: RouteParts,
  job: JobRecord,
  { place }: OutputFile,
): Promise<Source> {
  if (place === 'item') return source
  if (place === 'job' || job.anonymize === undefined || anonymization === undefined)
    return folderSource(join(store.folderOf(job.id), 'files'))
  const folder = await anonymization.containers.open(job.anonymize.container, containerFolder(job))
  return folder.files()
}
