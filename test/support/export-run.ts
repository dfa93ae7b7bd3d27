import type { ExportEvent, ExportOptions, ExportReport } from '../../src/export/options.js'
import { runExport } from '../../src/export/run.js'
import type { RunEvent } from '../../src/pipeline/options.js'
import { folderSink } from '../../src/storage/folder/folder.js'
import type { BadServer } from './bad-fhir-server.js'
import { planFor } from './pipeline-run.js'

export const patientLine = (number: number): string =>
  JSON.stringify({
    resourceType: 'Patient',
    id: `p${number}`,
    name: [{ family: `CANARY-FAMILY-${number}` }],
    birthDate: '1970-05-17',
    address: [{ city: 'CANARY-CITY' }],
  })

export const observationLine = (number: number): string =>
  JSON.stringify({
    resourceType: 'Observation',
    id: `o${number}`,
    status: 'final',
    code: { text: 'weight' },
    subject: { reference: `Patient/p${number}` },
  })

export const lines = (count: number, line: (number: number) => string, from = 0): string =>
  Array.from({ length: count }, (_, at) => `${line(from + at)}\n`).join('')

export type ExportOverrides = Partial<Omit<ExportOptions, 'sink'>>

/** One worker, small chunks, polls every second; the configuration of the pipeline's tests. */
export function exportTo(
  server: Pick<BadServer, 'base'>,
  output: string,
  overrides: ExportOverrides = {},
): Promise<ExportReport> {
  return runExport({
    base: server.base,
    request: { level: 'system', parameters: [] },
    plan: planFor(),
    pollIntervalMs: 1000,
    workers: 1,
    chunkBytes: 16 * 1024,
    sink: folderSink(output),
    ...overrides,
  })
}

/** Collects events. */
export function listenToExport(): {
  readonly events: (RunEvent | ExportEvent)[]
  readonly onEvent: (event: RunEvent | ExportEvent) => void
} {
  const events: (RunEvent | ExportEvent)[] = []
  return { events, onEvent: (event) => events.push(event) }
}
