import { join } from 'node:path'
import { isSluiceError } from '../errors.js'
import { elementTree } from '../fhir/elements.js'
import type { FhirVersion } from '../fhir/version.js'
import { createServerMetrics } from '../metrics/registry.js'
import { writing } from '../storage/folder/file-errors.js'
import { makeFolders } from '../storage/folder/folder-files.js'
import { type FolderLock, LOCK_TIMES, type LockTimes, lockFolder } from '../storage/folder/folder-lock.js'
import type { Inbox } from '../storage/inbox.js'
import type { Source } from '../storage/store.js'
import { packageVersion } from '../version.js'
import { type AltExportService, type AltExportSettings, openAltExport } from './alt-export/service.js'
import { type AuthOptions, type Guards, issuerGuards, openGuards, ownGuards } from './auth/guard.js'
import { TokenEndpoint } from './auth/token-endpoint.js'
import { tokenKey } from './auth/token-key.js'
import { Catalog } from './catalog/catalog.js'
import type { TrustedProxies } from './http/client-address.js'
import { HTTP_LIMITS, type HttpLimits, serveHttp } from './http/http.js'
import { RateLimit } from './http/rate-limit.js'
import { runExport } from './jobs/export-run.js'
import type { ConfigStore, ContainerStore } from './jobs/export-work.js'
import { containerFolder } from './jobs/job.js'
import { JobQueue } from './jobs/job-queue.js'
import { JobStore } from './jobs/job-store.js'
import { type RouteParts, routesOf } from './routes/routes.js'
import type { ServerEvent } from './server-event.js'
import { describeUnknown } from './unknown-error.js'

/** Settings of the server. */
export interface ServerOptions {
  readonly source: Source
  /** Folder for jobs, index and key, used by one server at a time. */
  readonly stateFolder: string
  readonly host: string
  /** Port to listen on; 0 picks a free one. */
  readonly port: number
  /** Base address without a trailing slash; default `http://<host>:<port>/fhir`. The routes begin at its path. */
  readonly baseUrl?: string
  /** Further host names that clients may use for the server. */
  readonly allowedHosts?: readonly string[]
  /** Proxies whose `X-Forwarded-For` is trusted; default none. */
  readonly isTrustedProxy?: TrustedProxies
  readonly version: FhirVersion
  readonly auth: AuthOptions
  /** Token endpoint of another server, for the discovery document. */
  readonly tokenUrl?: string
  readonly anonymization?: { readonly configs: ConfigStore; readonly containers: ContainerStore } | undefined
  /** Whether raw exports are refused. */
  readonly onlyAnonymized?: boolean
  /** Exports by queries from another server (`$alt-export`); default: not offered. */
  readonly altExport?: AltExportSettings | undefined
  /** Where Bundles go that clients post to `/importbundle`; default: not offered. */
  readonly imports?: Inbox | undefined
  readonly limits: ServerLimits
  readonly http?: Partial<HttpLimits>
  /** Ends the wait for the lock of a state folder. */
  readonly signal?: AbortSignal
  readonly lockTimes?: LockTimes
  readonly onEvent: (event: ServerEvent) => void
}

export interface ServerLimits {
  /** Maximum number of running exports. */
  readonly maxRunning: number
  /** Maximum number of running and queued exports. */
  readonly maxActive: number
  readonly maxActivePerClient: number
  /** Maximum polls of one job per minute. */
  readonly pollsPerMinute: number
  /** How long the files of a finished export are kept. */
  readonly expiresMs: number
  /** Start a new file after this many bytes. */
  readonly maxFileBytes: number
  readonly maxLineBytes: number
  readonly workers?: number
  readonly memoryBudgetBytes?: number
}

export interface RunningServer {
  /** `http://127.0.0.1:8080/fhir` */
  readonly baseUrl: string
  readonly port: number
  /** Resolves with SINK_LOCKED once another server has taken over the state folder. Close this server then. */
  readonly lost: Promise<unknown>
  /** Removes expired exports; also runs every 30 seconds. */
  expire(): Promise<void>
  /** Stops accepting requests, stops jobs where a later server can resume them, and waits a while for downloads. */
  close(graceMs?: number): Promise<void>
}

const TOKENS_PER_MINUTE = 120
const LOOPBACK = 'http://localhost'
const POLL_BURST = 20
const GRACE_MS = 10_000

/**
 * Starts a Bulk Data provider over a store. Throws SOURCE_NOT_FOUND, SINK_LOCKED for a state folder in use,
 * SERVICE_UNAVAILABLE if it cannot listen on the address.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { source, stateFolder, host, limits, version, onEvent } = options
  await checkSource(source)
  await writing(stateFolder, () => makeFolders(stateFolder, 0o700))
  const lock = await lockFolder(
    stateFolder,
    {
      signal: options.signal,
      onWait: (wait) => onEvent({ event: 'lock.waiting', level: 'info', ...wait }),
    },
    options.lockTimes,
  )
  const stop = new AbortController()
  const watch = watchLock(lock, options.lockTimes)
  const unlock = async (): Promise<void> => {
    watch.close()
    await lock.release()
  }
  try {
    const catalog = new Catalog({
      source,
      folder: join(stateFolder, 'index'),
      maxLineBytes: limits.maxLineBytes,
      signal: stop.signal,
      onEvent,
    })
    const store = new JobStore(join(stateFolder, 'jobs'), lock.confirm)
    const metrics = createServerMetrics(() => queue.counts())
    const queue = openQueue(options, { catalog, store, metrics })
    await queue.load()
    const altExport =
      options.altExport &&
      (await openAltExport(options.altExport, { stateFolder, confirm: lock.confirm, onEvent }))
    let baseUrl = options.baseUrl ?? ''
    const { guards, tokens } = await openAuth(options, () => baseUrl)
    await options.imports?.create()
    const routes = routesOf({
      path: new URL(options.baseUrl ?? 'http://localhost/fhir').pathname.replace(/\/$/, ''),
      baseUrl: () => baseUrl,
      tokenUrl: tokens === undefined ? options.tokenUrl : undefined,
      source,
      catalog,
      store,
      queue,
      guard: guards.reading,
      ...(options.imports && { imports: { guard: guards.writing, inbox: options.imports } }),
      tokens,
      metrics,
      version,
      softwareVersion: packageVersion(),
      requiresAccessToken: options.auth.kind !== 'none',
      onlyAnonymized: options.onlyAnonymized ?? false,
      ...(options.anonymization === undefined ? {} : { anonymization: options.anonymization }),
      ...altExportParts(altExport, options.altExport),
      polls: new RateLimit({ perMinute: limits.pollsPerMinute, burst: POLL_BURST }),
      isStopping: () => stop.signal.aborted,
      onEvent,
    })
    const http = await serveHttp({
      host,
      port: options.port,
      routes,
      limits: { ...HTTP_LIMITS, ...options.http },
      // Until the address is known, only loopback names are accepted.
      hosts: { baseUrl: () => baseUrl || LOOPBACK, names: [host, ...(options.allowedHosts ?? [])] },
      isTrustedProxy: options.isTrustedProxy ?? (() => false),
      onDone: (done) => metrics.requestDone(done),
      onFailure: (error, route) =>
        onEvent({ event: 'request.failed', level: 'warn', route, ...describeUnknown(error) }),
    })
    if (options.baseUrl === undefined)
      baseUrl = `http://${host.includes(':') ? `[${host}]` : host}:${http.port}/fhir`
    const opening = open(catalog, queue, { onEvent, signal: stop.signal })
    return {
      baseUrl,
      port: http.port,
      lost: watch.lost,
      async expire() {
        await queue.expire()
        await altExport?.jobs.expire()
      },
      async close(graceMs = GRACE_MS) {
        stop.abort()
        await Promise.all([http.close(graceMs), queue.close(), altExport?.close()])
        await opening
        await catalog.close()
        metrics.close()
        await unlock()
      },
    }
  } catch (error) {
    await unlock()
    throw error
  }
}

const altExportParts = (
  service: AltExportService | undefined,
  settings: AltExportSettings | undefined,
): Pick<RouteParts, 'altExport'> =>
  service === undefined || settings === undefined
    ? {}
    : { altExport: { jobs: service.jobs, readDefinition: settings.readDefinition, now: () => new Date() } }

/** Checks regularly that this process still holds the lock: it may have been suspended for a while. */
function watchLock(lock: FolderLock, { beatEveryMs } = LOCK_TIMES) {
  let timer: NodeJS.Timeout | undefined
  const lost = new Promise<unknown>((resolve) => {
    timer = setInterval(() => {
      lock.confirm().catch((reason: unknown) => {
        // One failed read does not mean that another server took over.
        if (isSluiceError(reason) && reason.code === 'SINK_LOCKED') resolve(reason)
      })
    }, beatEveryMs)
    timer.unref()
  })
  return { lost, close: () => clearInterval(timer) }
}

/** Indexes the store, then resumes the jobs of an earlier process. */
async function open(
  catalog: Catalog,
  queue: JobQueue,
  { onEvent, signal }: { readonly onEvent: (event: ServerEvent) => void; readonly signal: AbortSignal },
): Promise<void> {
  try {
    const snapshot = await catalog.refresh()
    await catalog.prune(snapshot)
    onEvent({ event: 'server.ready', level: 'info', items: snapshot.items.length })
  } catch (error) {
    if (!signal.aborted) onEvent({ event: 'catalog.failed', level: 'warn', ...describeUnknown(error) })
  }
  queue.start()
}

async function checkSource(source: Source): Promise<void> {
  for await (const _ of source.list(() => undefined)) return
}

function openQueue(
  { source, version, limits, anonymization, onlyAnonymized = false, onEvent }: ServerOptions,
  parts: {
    readonly catalog: Catalog
    readonly store: JobStore
    readonly metrics: ReturnType<typeof createServerMetrics>
  },
): JobQueue {
  const { workers, memoryBudgetBytes, maxLineBytes } = limits
  const run = {
    source,
    catalog: parts.catalog,
    store: parts.store,
    version,
    maxFileBytes: limits.maxFileBytes,
    onlyAnonymized,
    ...(anonymization === undefined ? {} : { anonymization }),
    pipeline: { workers, memoryBudgetBytes, maxLineBytes, metrics: parts.metrics },
    onRunEvent: (job: string, { event, level, ...fields }: { event: string; level: 'info' | 'warn' }) =>
      onEvent({ event, level, job, ...fields }),
  }
  return new JobQueue({
    ...limits,
    store: parts.store,
    run: (job, context) => runExport(run, job, context),
    async discard(job) {
      if (job.anonymize === undefined || anonymization === undefined) return
      const folder = await anonymization.containers.open(job.anonymize.container, containerFolder(job))
      await folder.discard()
    },
    onEvent,
  })
}

async function openAuth(
  { auth, stateFolder, version, onEvent }: ServerOptions,
  baseUrl: () => string,
): Promise<{ readonly guards: Guards; readonly tokens?: TokenEndpoint }> {
  if (auth.kind === 'none') return { guards: openGuards }
  if (auth.kind === 'issuer') return { guards: issuerGuards(auth) }
  const secret = await tokenKey(join(stateFolder, 'token.key'), onEvent)
  const tokens = new TokenEndpoint({
    clients: auth.clients,
    secret,
    issuer: baseUrl,
    url: () => `${baseUrl()}/auth/token`,
    limit: new RateLimit({ perMinute: TOKENS_PER_MINUTE, burst: TOKENS_PER_MINUTE }),
    isType: (type) => elementTree(version).resources.has(type),
    onEvent,
  })
  return { guards: ownGuards(secret, baseUrl), tokens }
}
