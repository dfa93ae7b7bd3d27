import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { jsonAnswer } from './answer.js'
import { CONTROL, control } from './control.js'
import { plain } from './exact-json.js'
import { type Exchange, exchange } from './exchange.js'
import { type Fault, FaultScript } from './faults.js'
import type { FhirServerOptions } from './options.js'
import { Pages } from './paging.js'
import { createBucket } from './rate.js'
import { type Figures, RequestLog, type SeenRequest } from './request-log.js'
import type { Resource } from './resource.js'
import { SearchIndex } from './search-index.js'
import { ResourceStore } from './store.js'
import { createTokenOffice } from './tokens.js'

/** A FHIR R4 server on loopback: fast, strict where it is told to be, and wrong where a script says so. */
export interface TestFhirServer {
  /** Base address, without a slash at its end. */
  readonly base: string
  /** Where tokens are had; they are required with the option `tokenSeconds`. */
  readonly tokenUrl: string
  readonly requests: readonly SeenRequest[]
  figures(): Figures
  /** What is there, by `Type/id`; `meta.versionId` tells how often it was written. */
  resources(): ReadonlyMap<string, Resource>
  /** Puts resources there without a request; a `meta.lastUpdated` is kept. */
  seed(resources: Iterable<Resource>): void
  /** Adds faults to come. */
  script(...faults: readonly Fault[]): void
  /** No more faults. */
  heal(): void
  /** Every token given out so far is worth nothing. */
  revokeTokens(): void
  forgetRequests(): void
  /** As a new server, at the same address. */
  reset(): void
  close(): Promise<void>
}

export async function startFhirServer(options: FhirServerOptions = {}): Promise<TestFhirServer> {
  const { path = '/fhir', tls, port = 0, rate, tokenSeconds } = options
  const server = tls === undefined ? createServer() : createSecureServer(tls)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const origin = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`
  const [base, tokenUrl] = [`${origin}${path}`, `${origin}/token`]

  const now = (): number => Date.now()
  const store = new ResourceStore(now)
  const index = new SearchIndex(store)
  const pages = new Pages({ store, index }, options, () => base)
  const tokens = tokenSeconds === undefined ? undefined : createTokenOffice(tokenSeconds)
  const shared: Exchange = {
    service: { store, index, pages, options, now, base: () => base },
    log: new RequestLog(),
    faults: new FaultScript(),
    bucket: rate && createBucket(rate),
    tokens,
    besides(asked) {
      if (asked === '/token') return tokens?.grant()
      return asked === '.well-known/smart-configuration' ? announcement(tokenUrl) : undefined
    },
  }
  const { log, faults } = shared
  const self: TestFhirServer = {
    base,
    tokenUrl,
    get requests() {
      return log.requests
    },
    figures: () => log.figures(),
    resources: () => new Map([...store.all()].map(({ key, resource }) => [key, plain(resource as Resource)])),
    seed(resources) {
      for (const resource of resources) {
        const { resourceType, id = store.newId(), meta } = resource
        store.write(resourceType, id, resource, updatedMsOf(meta?.lastUpdated))
      }
    },
    script(...added) {
      for (const fault of added) faults.add(fault)
    },
    heal: () => faults.clear(),
    revokeTokens: () => tokens?.revokeAll(),
    forgetRequests: () => log.clear(),
    reset() {
      store.clear()
      log.clear()
      faults.clear()
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
  server.on('request', (request, response) => {
    const { url = '' } = request
    if (url.startsWith(CONTROL)) void control(self, url.slice(CONTROL.length), request, response)
    else void exchange(shared, pathBelow(path, url), request, response)
  })
  return self
}

const updatedMsOf = (text: unknown): number | undefined =>
  typeof text === 'string' ? Date.parse(text) : undefined

/** Path and query below the base; what lies elsewhere keeps its slash. */
const pathBelow = (base: string, url: string): string =>
  url === base || url.startsWith(`${base}/`) || url.startsWith(`${base}?`)
    ? url.slice(base.length).replace(/^\//, '')
    : url

const announcement = (tokenUrl: string) =>
  jsonAnswer(200, {
    token_endpoint: tokenUrl,
    token_endpoint_auth_methods_supported: ['private_key_jwt', 'client_secret_post'],
    grant_types_supported: ['client_credentials'],
    scopes_supported: ['system/*.rs', 'system/*.cruds'],
    capabilities: ['permission-v2'],
  })
