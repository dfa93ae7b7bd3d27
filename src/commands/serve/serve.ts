import { readClients, readKeyPlace } from '../../config/pipeline/registered-clients.js'
import type { AuthOptions } from '../../server/auth/guard.js'
import { trustedProxies } from '../../server/http/client-address.js'
import { type ServerOptions, startServer } from '../../server/server.js'
import type { StoreAccess } from '../../storage/access.js'
import { memorySource } from '../../storage/memory/memory.js'
import { MemoryContent } from '../../storage/memory/memory-content.js'
import { isLocal, openInbox, openSource } from '../../storage/open.js'
import { eventLog } from '../display/event-log.js'
import type { Terminal } from '../display/terminal.js'
import { EXIT, type ExitCode } from '../exit-codes.js'
import { required, usage } from '../shared-options.js'
import { storeAccess } from '../store-access.js'
import { altExportOf } from './alt-export.js'
import { SERVE_OPTIONS, type ServeValues } from './options.js'
import { openConfigs, openContainers, refuseShared } from './stores.js'

const HOUR_MS = 3_600_000

/** `sluice serve`: until a signal. Throws what the configuration, the store and the listening throw. */
export async function serve(values: ServeValues, terminal: Terminal): Promise<ExitCode> {
  const { data, stateFolder } = placesOf(values)
  const auth = await authOf(values)
  const access = storeAccess(terminal)
  if (data !== undefined)
    await refuseShared(
      data,
      {
        '--state': stateFolder,
        '--outputs': values.outputs,
        '--alt-export-to': values.altExportTo,
        '--imports': values.imports,
      },
      access,
    )
  const log = eventLog(terminal.stderr, values.verbose ? 'debug' : 'info')
  const onEvent: ServerOptions['onEvent'] = ({ event, level, ...fields }) => log.event(level, event, fields)
  const server = await startServer({
    source: data === undefined ? memorySource(new MemoryContent()) : await openSource(data, access),
    stateFolder,
    host: values.host,
    port: values.port,
    ...(values.baseUrl === undefined ? {} : { baseUrl: values.baseUrl }),
    allowedHosts: values.allowHost,
    isTrustedProxy: trustedProxies(values.trustProxy.flat()),
    version: values.fhirVersion,
    auth,
    ...(values.tokenUrl === undefined ? {} : { tokenUrl: values.tokenUrl }),
    ...(await anonymizationOf(values, access)),
    onlyAnonymized: values.onlyAnonymized,
    altExport: await altExportOf(values, access, onEvent),
    imports: values.imports === undefined ? undefined : await openInbox(values.imports, access),
    limits: limitsOf(values),
    signal: terminal.signal,
    onEvent,
  })
  const { baseUrl, port } = server
  onEvent({ event: 'server.listening', level: 'info', baseUrl, port, authorization: auth.kind })
  if (auth.kind === 'none' && !/^(?:127\.|::1$|localhost$)/.test(values.host))
    onEvent({
      event: 'server.unprotected',
      level: 'warn',
      host: values.host,
      advice: '--clients or --issuer',
    })
  terminal.print(
    values.json
      ? JSON.stringify({ baseUrl, port })
      : `serving ${data ?? values.altExportFrom ?? values.imports} at ${baseUrl}`,
  )
  const reason = await Promise.race([aborted(terminal.signal), server.lost])
  onEvent({ event: 'server.stopping', level: 'info' })
  await server.close()
  await log.close()
  if (reason !== undefined) throw reason
  return EXIT.delivered
}

/** Throws USAGE. */
function placesOf({ data, state, altExportFrom, imports }: ServeValues): {
  readonly data: string | undefined
  readonly stateFolder: string
} {
  if ((altExportFrom ?? imports) === undefined) required(data, SERVE_OPTIONS.data)
  if (state !== undefined) return { data, stateFolder: state }
  if (data === undefined || !isLocal(data)) throw usage('--state is needed without data on this machine')
  return { data, stateFolder: `${data.replace(/\/+$/, '')}.sluice-serve` }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    if (signal.aborted) done()
    else signal.addEventListener('abort', () => done(), { once: true })
  })

function limitsOf(values: ServeValues): ServerOptions['limits'] {
  const { maxJobs, maxQueued, maxPerClient, pollsPerMinute, expireHours, maxFileBytes, maxLineBytes } = values
  return {
    maxRunning: maxJobs,
    maxActive: maxQueued,
    maxActivePerClient: maxPerClient,
    pollsPerMinute,
    expiresMs: expireHours * HOUR_MS,
    maxFileBytes,
    maxLineBytes,
    ...(values.workers === undefined ? {} : { workers: values.workers }),
    ...(values.memoryBudget === undefined ? {} : { memoryBudgetBytes: values.memoryBudget }),
  }
}

async function anonymizationOf(
  { outputs, configs, onlyAnonymized, ...values }: ServeValues,
  access: StoreAccess,
): Promise<Pick<ServerOptions, 'anonymization'>> {
  if (outputs !== undefined) {
    const { fhirVersion, allowRandomKeys, allowWeakKeys } = values
    return {
      anonymization: {
        configs: await openConfigs({ configs, outputs }, access, {
          fhirVersion,
          allowRandomKeys,
          allowWeakKeys,
        }),
        containers: openContainers(outputs, access),
      },
    }
  }
  if (configs !== undefined || onlyAnonymized) throw usage('--configs and --only-anonymized need --outputs')
  return {}
}

async function authOf({ clients, issuer, jwks, audience, tokenUrl }: ServeValues): Promise<AuthOptions> {
  if (clients !== undefined) {
    if ((issuer ?? jwks ?? audience ?? tokenUrl) !== undefined)
      throw usage(
        '--clients makes the server its own issuer: --issuer, --jwks, --audience and --token-url cannot be combined with it',
      )
    return { kind: 'clients', clients: await readClients(clients) }
  }
  if ((issuer ?? jwks ?? audience) === undefined) return { kind: 'none' }
  return {
    kind: 'issuer',
    issuer: required(issuer, SERVE_OPTIONS.issuer),
    audience: required(audience, SERVE_OPTIONS.audience),
    keys: await readKeyPlace(required(jwks, SERVE_OPTIONS.jwks)),
  }
}
