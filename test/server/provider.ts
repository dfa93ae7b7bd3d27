import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { folderConfigs } from '../../src/commands/serve/configurations.js'
import { folderContainers } from '../../src/server/jobs/folder-containers.js'
import {
  type RunningServer,
  type ServerLimits,
  type ServerOptions,
  startServer,
} from '../../src/server/server.js'
import type { ServerEvent } from '../../src/server/server-event.js'
import { folderSource } from '../../src/storage/folder/folder.js'
import { writeFiles } from '../support/pipeline-run.js'

const resource = (type: string, id: string, more: object = {}): string =>
  JSON.stringify({ resourceType: type, id, ...more })

export const lines = (...texts: readonly string[]): string => texts.map((text) => `${text}\n`).join('')

const of = (patient: string) => ({ subject: { reference: `Patient/${patient}` } })
const updated = (lastUpdated: string) => ({ meta: { lastUpdated } })
const coded = (code: string) => ({
  code: { coding: [{ system: 'http://loinc.org', code }] },
  status: 'final',
})

/** Two active members, one that is not any more, a nested group that names its parent. */
const GROUPS = lines(
  resource('Group', 'g1', {
    type: 'person',
    actual: true,
    member: [
      { entity: { reference: 'Patient/p1' } },
      { entity: { reference: 'Patient/p3' }, inactive: true },
      { entity: { reference: 'Patient/p4' }, period: { end: '2020-01-01' } },
      { entity: { reference: 'Practitioner/d1' } },
      { entity: { reference: 'Group/g2' } },
    ],
  }),
  resource('Group', 'g2', {
    type: 'person',
    actual: true,
    member: [{ entity: { reference: 'Patient/p2' } }, { entity: { reference: 'Group/g1' } }],
  }),
  resource('Group', 'empty', { type: 'person', actual: true }),
)

/** A store with one of each thing that an export has to tell apart. */
export const STORE: Readonly<Record<string, string | Uint8Array>> = {
  'Group.ndjson': GROUPS,
  'Patient.ndjson': lines(
    resource('Patient', 'p1', {
      ...updated('2024-01-01T00:00:00Z'),
      gender: 'female',
      birthDate: '1980-02-03',
      name: [{ family: 'CANARY' }],
    }),
    resource('Patient', 'p2', {
      ...updated('2025-01-01T00:00:00Z'),
      gender: 'male',
      birthDate: '1990-02-03',
      name: [{ family: 'CANARY' }],
    }),
    resource('Patient', 'p3', { gender: 'male', name: [{ family: 'CANARY' }] }),
    resource('Patient', 'p4', { ...updated('2024-06-01T00:00:00Z'), name: [{ family: 'CANARY' }] }),
  ),
  'Practitioner.ndjson': lines(resource('Practitioner', 'd1')),
  'clinical/mixed.ndjson': lines(
    resource('Observation', 'o1', {
      ...of('p1'),
      ...updated('2024-01-01T00:00:00Z'),
      ...coded('1-1'),
      effectiveDateTime: '2023-05-06',
      valueQuantity: { value: 1 },
    }).replace('"value":1', '"value":1.50'),
    resource('Condition', 'c1', { ...of('p1'), ...updated('2025-02-01T00:00:00Z') }),
    resource('Observation', 'o2', { ...of('p2'), ...updated('2025-03-01T00:00:00Z'), ...coded('2-2') }),
    resource('Observation', 'o3', { ...of('p3'), ...coded('1-1') }),
    resource('Provenance', 'v1', {
      target: [{ reference: 'Observation/o1' }, { reference: 'Patient/p1' }],
      recorded: '2025-01-01T00:00:00Z',
      agent: [{ who: { reference: 'Practitioner/d1' } }],
    }),
    resource('Provenance', 'v2', {
      target: [{ reference: 'Condition/c1' }],
      recorded: '2025-01-01T00:00:00Z',
      agent: [],
    }),
    resource('Appointment', 'a12', {
      status: 'booked',
      participant: [{ actor: { reference: 'Patient/p1' } }, { actor: { reference: 'Patient/p3' } }],
    }),
  ),
}

export const LIMITS: ServerLimits = {
  maxRunning: 2,
  maxActive: 1000,
  maxActivePerClient: 1000,
  pollsPerMinute: 6000,
  expiresMs: 3_600_000,
  maxFileBytes: 1 << 20,
  maxLineBytes: 1 << 20,
  workers: 1,
  memoryBudgetBytes: 32 << 20,
}

/** A configuration whose effect is easy to see. */
export const CONFIG = {
  fhirVersion: 'R4',
  fhirPathRules: [
    { path: 'Resource.id', method: 'cryptoHash' },
    { path: "nodesByType('Reference').reference", method: 'cryptoHash' },
    { path: "nodesByType('HumanName')", method: 'redact' },
  ],
  parameters: { cryptoHashKey: 'provider test: larch, 4 swifts' },
}

export interface Provider {
  readonly server: RunningServer
  readonly base: string
  readonly folder: string
  readonly events: readonly ServerEvent[]
  /** A request below the base; `path` begins with a slash. */
  ask(path: string, init?: RequestInit): Promise<Response>
  /** Kick-off with the header that exports need; the answer. */
  kickOff(path: string, init?: RequestInit): Promise<Response>
  /** Kick-off, polls and the manifest. */
  export(path: string, init?: RequestInit): Promise<Finished>
}

export interface Manifest {
  readonly transactionTime: string
  readonly request: string
  readonly requiresAccessToken: boolean
  readonly output: readonly Entry[]
  readonly deleted: readonly Entry[]
  readonly error: readonly Entry[]
}
interface Entry {
  readonly type: string
  readonly url: string
  readonly count: number
}

export interface Finished {
  readonly status: Response
  readonly statusUrl: string
  readonly manifest: Manifest
  /** `Type/id` of every resource, sorted. */
  readonly resources: readonly string[]
  /** Every line of the output files. */
  readonly lines: readonly string[]
  /** The texts of the error files' issues. */
  readonly issues: readonly string[]
}

/** A provider over files, on loopback; `t.teardown` ends it. */
export async function provide(
  t: { teardown(end: () => Promise<void>): unknown },
  options: {
    readonly files?: Readonly<Record<string, string | Uint8Array>>
    readonly headers?: Record<string, string>
  } & Partial<Omit<ServerOptions, 'limits'>> & { readonly limits?: Partial<ServerLimits> } = {},
): Promise<Provider> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-serve-'))
  const data = writeFiles(join(folder, 'data'), options.files ?? STORE)
  writeFiles(join(folder, 'lake'), { 'anonymization/safe.json': JSON.stringify(CONFIG) })
  const events: ServerEvent[] = []
  const server = await startServer({
    source: folderSource(data),
    stateFolder: join(folder, 'state'),
    host: '127.0.0.1',
    port: 0,
    version: 'R4',
    auth: { kind: 'none' },
    anonymization: {
      configs: folderConfigs(join(folder, 'lake', 'anonymization'), {
        fhirVersion: 'R4',
        allowWeakKeys: true,
      }),
      containers: folderContainers(join(folder, 'lake')),
    },
    onEvent: (event) => events.push(event),
    ...options,
    limits: { ...LIMITS, ...options.limits },
  })
  t.teardown(async () => {
    await server.close(100)
    rmSync(folder, { recursive: true, force: true })
  })
  return { server, base: server.baseUrl, folder, events, ...clientOf(server.baseUrl, options.headers) }
}

/** A client of a provider. */
export function clientOf(
  base: string,
  headers: Record<string, string> = {},
): Pick<Provider, 'ask' | 'kickOff' | 'export'> {
  const ask: Provider['ask'] = (path, init = {}) =>
    fetch(path.startsWith('http') ? path : `${base}${path}`, {
      ...init,
      headers: { ...headers, ...init.headers },
    })
  const kickOff: Provider['kickOff'] = (path, init = {}) =>
    ask(path, {
      ...init,
      headers: { accept: 'application/fhir+json', prefer: 'respond-async', ...init.headers },
    })
  return {
    ask,
    kickOff,
    async export(path, init) {
      const started = await kickOff(path, init)
      if (started.status !== 202) throw new Error(`kick-off: ${started.status} ${await started.text()}`)
      await started.text()
      return finish(ask, started.headers.get('content-location') ?? '')
    },
  }
}

const DEADLINE_MS = 30_000
const POLL_MS = 20

/** Polls a job until it is no longer in progress, then reads what it has. */
export async function finish(ask: Provider['ask'], statusUrl: string): Promise<Finished> {
  for (const until = performance.now() + DEADLINE_MS; performance.now() < until; ) {
    const status = await ask(statusUrl)
    const text = await status.text()
    if (status.status === 202) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      continue
    }
    if (status.status !== 200) throw new Error(`status: ${status.status} ${text}`)
    const manifest = JSON.parse(text) as Manifest
    const texts = await textsOf(ask, manifest.output)
    const errors = await textsOf(ask, manifest.error)
    const resources = texts.map((line) => JSON.parse(line) as { resourceType: string; id: string })
    return {
      status,
      statusUrl,
      manifest,
      lines: texts,
      resources: resources.map(({ resourceType, id }) => `${resourceType}/${id}`).sort(),
      issues: errors.flatMap((line) =>
        (JSON.parse(line) as { issue: { diagnostics: string }[] }).issue.map(
          ({ diagnostics }) => diagnostics,
        ),
      ),
    }
  }
  throw new Error('the export did not end in time')
}

async function textsOf(ask: Provider['ask'], entries: readonly Entry[]): Promise<string[]> {
  const found: string[] = []
  for (const { url, count } of entries) {
    const response = await ask(url)
    if (response.status !== 200) throw new Error(`file: ${response.status}`)
    const all = (await response.text()).split('\n').filter((line) => line !== '')
    if (all.length !== count) throw new Error(`${url} has ${all.length} lines, not ${count}`)
    for (const line of all) found.push(line)
  }
  return found
}

/** The text of an OperationOutcome's first issue; throws for anything else. */
export async function outcomeText(response: Response): Promise<string> {
  const outcome = (await response.json()) as {
    resourceType: string
    issue: { severity: string; code: string; diagnostics: string }[]
  }
  const [issue] = outcome.issue
  if (
    outcome.resourceType !== 'OperationOutcome' ||
    issue === undefined ||
    issue.severity === '' ||
    issue.code === ''
  )
    throw new Error('no OperationOutcome')
  return issue.diagnostics
}

export const parametersOf = (...parameter: readonly object[]): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/fhir+json' },
  body: JSON.stringify({ resourceType: 'Parameters', parameter }),
})
