import type { AltExportDefinition } from '../../alt-export/definition.js'
import { isSluiceError } from '../../errors.js'
import { type AltExportJob, isActive, type JobName } from '../alt-export/job.js'
import type { AltExportJobs } from '../alt-export/jobs.js'
import { typesRead } from '../alt-export/read-types.js'
import { activeRow, INSTANCES, startBody, statusBody } from '../alt-export/status-body.js'
import type { Guard } from '../auth/guard.js'
import { type Grant, permits } from '../auth/scopes.js'
import { type HttpAnswer, type HttpRequest, jsonAnswer, type Route } from '../http/http-message.js'
import { Refusal } from '../refusal.js'
import { jobsPage, purgedBy } from './alt-export-page.js'

export interface AltExportRouteParts {
  /** Path of the FHIR routes; the routes are below it and below the root of the server. */
  readonly path: string
  readonly baseUrl: () => string
  readonly guard: Guard
  readonly jobs: AltExportJobs
  readonly requiresAccessToken: boolean
  /** Throws CONFIG_INVALID with every problem. */
  readonly readDefinition: (body: unknown) => AltExportDefinition
  readonly now: () => Date
}

const MAX_DEFINITION_BYTES = 1024 * 1024
const START_RETRY_SECONDS = '10'
const STATUS_RETRY_SECONDS = '5'

/** `$alt-export` and `$alt-export-all`, and the calls of the Durable Functions HTTP API about their jobs. */
export function altExportRoutes(parts: AltExportRouteParts): Route[] {
  return [...new Set(['', parts.path])].flatMap((at) => routesAt(at, parts))
}

function routesAt(at: string, parts: AltExportRouteParts): Route[] {
  const base = (): string => (at === '' ? new URL(parts.baseUrl()).origin : parts.baseUrl())
  const instance = `${at}${INSTANCES}/:id`
  const route = (method: Route['method'], path: string, handle: Route['handle']): Route => ({
    method,
    path,
    name: 'alt-export',
    maxBodyBytes: MAX_DEFINITION_BYTES,
    handle: (request) => handle(request).catch(plainRefusal),
  })
  const own =
    (act: (job: AltExportJob, request: HttpRequest) => Promise<HttpAnswer>): Route['handle'] =>
    async (request) => {
      const job = await ownJob(parts, request)
      return job === undefined ? { status: 404 } : act(job, request)
    }
  const act = (
    call: (id: string) => Promise<unknown>,
    isPossible: (job: AltExportJob) => boolean,
  ): Route['handle'] =>
    own(async (job) => {
      if (!isPossible(job)) return { status: 410 }
      await call(job.id)
      return { status: 202 }
    })
  const { jobs } = parts
  return [
    route('POST', `${at}/$alt-export`, (request) =>
      start(parts, request, { name: 'ExportOrchestrator', base }),
    ),
    route('POST', `${at}/$alt-export-all`, (request) =>
      start(parts, request, { name: 'ExportAllOrchestrator', base }),
    ),
    route('GET', `${at}/$alt-export-status`, async (request) => {
      const visible = visibleTo(parts, await parts.guard(request)).filter(isActive)
      return jsonAnswer(
        200,
        visible.map((job) => activeRow(job, parts.now())),
      )
    }),
    route('GET', `${at}/$alt-export-manage/:id`, (request) => manage(parts, request)),
    route('GET', `${at}${INSTANCES}`, async (request) =>
      jobsPage(visibleTo(parts, await parts.guard(request)), request),
    ),
    route('DELETE', `${at}${INSTANCES}`, (request) => purgeMany(parts, request)),
    route(
      'GET',
      instance,
      own(async (job, request) => status(job, request, base())),
    ),
    route(
      'DELETE',
      instance,
      own((job) => purge(jobs, job)),
    ),
    route(
      'POST',
      `${instance}/terminate`,
      act((id) => jobs.terminate(id), isActive),
    ),
    route(
      'POST',
      `${instance}/suspend`,
      act((id) => jobs.suspend(id), isActive),
    ),
    route(
      'POST',
      `${instance}/resume`,
      act((id) => jobs.resume(id), isActive),
    ),
    route(
      'POST',
      `${instance}/restart`,
      own(async (job) => {
        const resumed = await jobs.resume(job.id)
        return resumed === undefined ? { status: 404 } : started(job.id, base())
      }),
    ),
    // No job waits for an event.
    route(
      'POST',
      `${instance}/raiseEvent/:event`,
      act(async () => {}, isActive),
    ),
  ]
}

async function start(
  { guard, jobs, readDefinition }: AltExportRouteParts,
  request: HttpRequest,
  { name, base }: { readonly name: JobName; readonly base: () => string },
): Promise<HttpAnswer> {
  const grant = await guard(request)
  const input = bodyOf(request)
  const definition = readDefinition(input)
  if ((definition.kind === 'type') !== (name === 'ExportAllOrchestrator'))
    throw new Refusal('$alt-export takes query and include; $alt-export-all takes _type.', {
      status: 400,
      code: 'invalid',
    })
  checkTypes(grant, definition)
  const { id } = await jobs.submit({ name, client: grant.client, input, definition })
  return started(id, base())
}

function started(id: string, baseUrl: string): HttpAnswer {
  const body = startBody(id, baseUrl)
  return jsonAnswer(202, body, {
    location: body.statusQueryGetUri ?? '',
    'retry-after': START_RETRY_SECONDS,
  })
}

function bodyOf({ body }: HttpRequest): unknown {
  try {
    return JSON.parse(body?.toString('utf8') ?? '')
  } catch {
    throw new Refusal('The body must be a definition in JSON.', { status: 400, code: 'invalid' })
  }
}

/** Throws Refusal 403 if the client may not read all that the definition can bring. */
function checkTypes(grant: Grant, definition: AltExportDefinition): void {
  if (grant.types === undefined) return
  const searches = definition.kind === 'type' ? [definition.type] : [definition.query, ...definition.include]
  const read = searches.map(typesRead)
  const refused = [...new Set(read.flatMap((types) => types ?? []))].filter((type) => !permits(grant, type))
  if (refused.length > 0) throw forbidden(`The token's scopes do not allow reading ${refused.join(', ')}.`)
  if (read.includes(undefined))
    throw forbidden(
      "The token's scopes are limited to certain types: operations, chains, _has, _filter, and _include without a type cannot be checked against them.",
    )
}

const forbidden = (message: string): Refusal => new Refusal(message, { status: 403, code: 'forbidden' })

function status(job: AltExportJob, { query }: HttpRequest, baseUrl: string): HttpAnswer {
  const body = statusBody(job, { showInput: query.get('showInput') !== 'false' })
  if (isActive(job))
    return jsonAnswer(202, body, {
      location: `${baseUrl}${INSTANCES}/${job.id}`,
      'retry-after': STATUS_RETRY_SECONDS,
    })
  const isFailure = job.status === 'Failed' && query.get('returnInternalServerErrorOnFailure') === 'true'
  return jsonAnswer(isFailure ? 500 : 200, body)
}

/** The loader terminates whatever the action is, and by GET; here the action must be named. */
async function manage(parts: AltExportRouteParts, request: HttpRequest): Promise<HttpAnswer> {
  const job = await ownJob(parts, request)
  if (job === undefined) return { status: 404 }
  if (request.query.get('action') !== 'terminate')
    throw new Refusal('The action must be terminate.', { status: 400, code: 'invalid' })
  if (!isActive(job)) return { status: 410 }
  await parts.jobs.terminate(job.id)
  return { status: 200, headers: { 'content-type': 'text/plain' }, body: `Terminated ${job.id}.\n` }
}

/** What was exported stays; only the job is forgotten. */
async function purge(jobs: AltExportJobs, job: AltExportJob): Promise<HttpAnswer> {
  if (isActive(job))
    throw new Refusal('The export is still active; terminate it first.', { status: 412, code: 'conflict' })
  await jobs.purge(job.id)
  return jsonAnswer(200, { instancesDeleted: 1 })
}

async function purgeMany(parts: AltExportRouteParts, request: HttpRequest): Promise<HttpAnswer> {
  const visible = visibleTo(parts, await parts.guard(request))
  const chosen = visible.filter(purgedBy(request.query))
  if (chosen.length === 0) return { status: 404 }
  for (const { id } of chosen) await parts.jobs.purge(id)
  return jsonAnswer(200, { instancesDeleted: chosen.length })
}

const visibleTo = (
  { jobs, requiresAccessToken }: Pick<AltExportRouteParts, 'jobs' | 'requiresAccessToken'>,
  { client }: Grant,
): readonly AltExportJob[] => jobs.list().filter((job) => !requiresAccessToken || job.client === client)

async function ownJob(parts: AltExportRouteParts, request: HttpRequest): Promise<AltExportJob | undefined> {
  const grant = await parts.guard(request)
  const { id } = request.params
  return visibleTo(parts, grant).find((job) => job.id === id)
}

/** Clients of these calls read JSON with an `error`, not an OperationOutcome. */
function plainRefusal(error: unknown): HttpAnswer {
  if (error instanceof Refusal) return jsonAnswer(error.status, { error: error.message }, error.headers)
  if (isSluiceError(error) && error.code === 'CONFIG_INVALID')
    return jsonAnswer(400, { error: error.message, problems: error.problems ?? [] })
  throw error
}
