import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { completedFiles } from '../../../src/alt-export/completed-run.js'
import { runAltExport } from '../../../src/alt-export/run.js'
import { checkAltExportDefinition } from '../../../src/config/alt-export/definition.js'
import type { AltExportSettings } from '../../../src/server/alt-export/service.js'
import { folderSink } from '../../../src/storage/folder/folder.js'
import { readText } from '../../../src/storage/folder/folder-files.js'
import { FolderInbox } from '../../../src/storage/folder/folder-inbox.js'
import { startFhirServer, type TestFhirServer } from '../../fhir-server/server.js'
import { cohortResources } from '../../support/alt-export-run.js'
import { type Provider, provide } from '../provider.js'

/** A definition as clients write it. */
export const DEFINITION = {
  query: 'Patient?_count=50',
  patientreferencefield: 'id',
  include: ['Patient?_id=$IDS', 'Observation?patient=$IDS&_count=100'],
}

export interface CohortServer extends Provider {
  readonly fhir: TestFhirServer
  /** Folder of the outputs, one for each job. */
  readonly outputs: string
  /** Where definitions are dropped. */
  readonly dropped: string
  /** The origin, below which Microsoft's loader has its paths. */
  readonly origin: string
  /** Starts another server with the same state, once this one is closed. */
  restart(): Promise<Pick<CohortServer, 'ask' | 'origin'>>
}

/** A provider whose `$alt-export` exports from a FHIR server with 120 patients. */
export async function cohortServer(
  t: Parameters<typeof provide>[0],
  {
    settings = {},
    fhir,
    ...options
  }: Parameters<typeof provide>[1] & {
    readonly settings?: Partial<AltExportSettings>
    readonly fhir?: TestFhirServer
  } = {},
): Promise<CohortServer> {
  const upstream = fhir ?? (await startFhirServer())
  if (fhir === undefined) {
    upstream.seed(cohortResources(120))
    t.teardown(() => upstream.close())
  }
  const folder = mkdtempSync(join(tmpdir(), 'sluice-cohorts-'))
  t.teardown(async () => rmSync(folder, { recursive: true, force: true }))
  const outputs = join(folder, 'outputs')
  const dropped = join(folder, 'export-trigger')
  mkdirSync(dropped, { recursive: true })
  const altExport: AltExportSettings = {
    runner: {
      async run({ id, definition }, hooks) {
        const sink = folderSink(join(outputs, id))
        const report = await runAltExport({ base: upstream.base, definition, sink, workers: 1, ...hooks })
        return { report, files: completedFiles(report, sink.place) }
      },
    },
    readDefinition: (body) => checkAltExportDefinition(body, 'of the request'),
    maxActive: 2,
    expiresMs: 3_600_000,
    trigger: {
      inbox: new FolderInbox(dropped),
      processed: new FolderInbox(`${dropped}-processed`),
      read: (name) => readText(join(dropped, name)),
    },
    triggerEveryMs: 20,
    ...settings,
  }
  const stateFolder = join(folder, 'state')
  const open = async () => {
    const provider = await provide(t, { altExport, stateFolder, ...options })
    return { ...provider, origin: new URL(provider.base).origin }
  }
  return { ...(await open()), fhir: upstream, outputs, dropped, restart: open }
}

export const INSTANCES = '/runtime/webhooks/durabletask/instances'

export interface InstanceStatus {
  readonly name: string
  readonly instanceId: string
  readonly runtimeStatus: string
  readonly input: unknown
  readonly customStatus: Readonly<Record<string, unknown>> | null
  readonly output: unknown
  readonly createdTime: string
  readonly lastUpdatedTime: string
}

export async function start(server: CohortServer, definition: unknown = DEFINITION): Promise<string> {
  const answer = await post(server, '/$alt-export', definition)
  if (answer.status !== 202) throw new Error(`start: ${answer.status} ${await answer.text()}`)
  return ((await answer.json()) as { readonly id: string }).id
}

export const post = (
  { ask, origin }: Pick<CohortServer, 'ask' | 'origin'>,
  path: string,
  body?: unknown,
): Promise<Response> =>
  ask(`${origin}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })

export async function statusOf(
  { ask, origin }: Pick<CohortServer, 'ask' | 'origin'>,
  id: string,
): Promise<{ readonly answer: Response; readonly body: InstanceStatus }> {
  const answer = await ask(`${origin}${INSTANCES}/${id}`)
  return { answer, body: (await answer.json()) as InstanceStatus }
}

const DEADLINE_MS = 60_000
const POLL_MS = 20

/** Polls a job until it has one of these states. */
export async function until(
  server: Pick<CohortServer, 'ask' | 'origin'>,
  id: string,
  ...states: readonly string[]
): Promise<InstanceStatus> {
  for (const end = performance.now() + DEADLINE_MS; performance.now() < end; ) {
    const { body } = await statusOf(server, id)
    if (states.includes(body.runtimeStatus)) return body
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  throw new Error(`the job did not become ${states.join(' or ')}`)
}
