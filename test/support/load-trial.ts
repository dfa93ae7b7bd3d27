import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { LoadEvent, LoadOptions, LoadReport } from '../../src/load/options.js'
import { runLoad } from '../../src/load/run.js'
import type { RunEvent } from '../../src/pipeline/options.js'
import { folderSource } from '../../src/storage/folder/folder.js'
import { folderState } from '../../src/storage/folder/folder-state.js'
import type { FhirServerOptions } from '../fhir-server/options.js'
import type { Resource } from '../fhir-server/resource.js'
import { startFhirServer, type TestFhirServer } from '../fhir-server/server.js'
import { writeFiles } from './pipeline-run.js'
import { virtualClock } from './virtual-clock.js'

export type LoadOverrides = Partial<Omit<LoadOptions, 'source' | 'state' | 'base'>>

/** A source, a server and a state that loads can be tried with, again and again. */
export interface LoadTrial {
  readonly server: TestFhirServer
  readonly events: readonly (LoadEvent | RunEvent)[]
  /** Bundles of 20, two connections; waits take no time. */
  load(overrides?: LoadOverrides): Promise<LoadReport>
  /** A file of the state; empty where it is not there. */
  kept(name: string): string
}

export async function loadTrial(
  t: Test,
  files: Readonly<Record<string, string | Uint8Array>>,
  serverOptions: FhirServerOptions = {},
): Promise<LoadTrial> {
  const server = await startFhirServer(serverOptions)
  t.teardown(() => server.close())
  const folder = t.testdir()
  const source = writeFiles(join(folder, 'in'), files)
  const state = join(folder, 'state')
  const events: (LoadEvent | RunEvent)[] = []
  return {
    server,
    events,
    load: (overrides = {}) =>
      runLoad({
        base: server.base,
        source: folderSource(source),
        state: folderState(state),
        maxEntries: 20,
        connections: 2,
        clock: virtualClock(),
        onEvent: (event) => events.push(event),
        ...overrides,
      }),
    kept(name) {
      try {
        return readFileSync(join(state, name), 'utf8')
      } catch {
        return ''
      }
    },
  }
}

export const ndjson = (resources: readonly Resource[]): string =>
  resources.map((resource) => `${JSON.stringify(resource)}\n`).join('')

export const patients = (count: number): readonly Resource[] =>
  Array.from({ length: count }, (_, n) => ({
    resourceType: 'Patient',
    id: `p${n}`,
    name: [{ family: `CANARY-${n}` }],
  }))

/** What the server has, without what it says itself. */
export const contents = ({ resources }: TestFhirServer): ReadonlyMap<string, object> =>
  new Map([...resources()].map(([key, { meta: _, ...resource }]) => [key, resource]))

/** How often each resource was written, by `Type/id`. */
export const writes = ({ resources }: TestFhirServer): ReadonlyMap<string, number> =>
  new Map([...resources()].map(([key, { meta }]) => [key, Number(meta?.versionId)]))
