import { join } from 'node:path'
import type { Test } from 'tap'
import type { ErrorCode } from '../../src/errors.js'
import type { Answer, Plan, Script } from './bad-fhir-server.js'
import { firstOf } from './elements.js'
import { type ExportOverrides, lines, observationLine, patientLine } from './export-run.js'
import { outputsIn, run, writeFiles } from './pipeline-run.js'

export const FILES = { Patient: [lines(60, patientLine)], Observation: [lines(400, observationLine)] }
export const HTML: Answer = { headers: { 'content-type': 'text/html' }, body: '<html>CANARY gateway</html>' }

/** What the files become. */
export async function expectedOutputs(t: Test): Promise<ReadonlyMap<string, Buffer>> {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), {
    'Patient.1.ndjson': firstOf(FILES.Patient),
    'Observation.1.ndjson': firstOf(FILES.Observation),
  })
  await run(input, join(folder, 'expected'))
  return outputsIn(join(folder, 'expected'))
}

/** The observations, `times` over, as the good answer changed so. */
export const observations =
  (times: number, change: (good: Answer, nth: number) => Answer): Script =>
  ({ url }, nth, good) =>
    url.includes('Observation') && nth <= times ? change(good(), nth) : undefined

export type Listed = Record<'output', { type: string; url: string; count: number }[]>

/** The manifest says so of the observations. */
export function announcing(facts: object): Plan['manifest'] {
  return (manifest) => ({
    ...manifest,
    output: (manifest.output as Listed['output']).map((file) =>
      file.type === 'Observation' ? { ...file, ...facts } : file,
    ),
  })
}

export interface Survived {
  readonly plan: Partial<Plan>
  readonly options?: ExportOverrides
}

export interface Refused extends Survived {
  readonly code: ErrorCode
  /** The server's job is deleted. */
  readonly isCancelled?: boolean
}
