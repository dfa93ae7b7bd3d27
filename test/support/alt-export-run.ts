import type { CohortDefinition } from '../../src/alt-export/definition.js'
import type { AltExportEvent, AltExportOptions, AltExportReport } from '../../src/alt-export/options.js'
import { runAltExport } from '../../src/alt-export/run.js'
import type { AnswerEvent } from '../../src/fhir-client/answers.js'
import type { RunEvent } from '../../src/pipeline/options.js'
import { folderSink } from '../../src/storage/folder/folder.js'
import type { Resource } from '../fhir-server/resource.js'
import { filesIn } from './pipeline-run.js'

export type AltExportOverrides = Partial<Omit<AltExportOptions, 'sink'>>

/** A raw export into a folder. */
export function altExportTo(
  { base }: { readonly base: string },
  output: string,
  overrides: AltExportOverrides = {},
): Promise<AltExportReport> {
  return runAltExport({
    base,
    definition: COHORT,
    workers: 1,
    sink: folderSink(output),
    ...overrides,
  })
}

export const COHORT: CohortDefinition = {
  kind: 'cohort',
  query: 'Patient?_count=50',
  patientReferenceField: 'id',
  include: ['Patient?_id=$IDS&_count=50', 'Observation?patient=$IDS&_count=100'],
}

/** Made-up patients `p001` and so on, each with observations, all seen by one of three practitioners. */
export function cohortResources(
  patientCount: number,
  { observations = 3 }: { readonly observations?: number } = {},
): Resource[] {
  const resources: Resource[] = []
  for (let n = 1; n <= 3; n += 1)
    resources.push({ resourceType: 'Practitioner', id: `dr${n}`, name: [{ family: `CANARY-DOCTOR-${n}` }] })
  for (let n = 1; n <= patientCount; n += 1) {
    const id = `p${String(n).padStart(3, '0')}`
    resources.push({
      resourceType: 'Patient',
      id,
      active: n % 2 === 0,
      name: [{ family: `CANARY-FAMILY-${n}` }],
      birthDate: '1970-05-17',
      generalPractitioner: [{ reference: `Practitioner/dr${(n % 3) + 1}` }],
    })
    for (let m = 1; m <= observations; m += 1)
      resources.push({
        resourceType: 'Observation',
        id: `${id}-o${m}`,
        status: 'final',
        code: { text: 'weight' },
        subject: { reference: `Patient/${id}` },
        performer: [{ reference: `Practitioner/dr${(n % 3) + 1}` }],
      })
  }
  return resources
}

/** Collects events. */
export function listenToAltExport(): {
  readonly events: (RunEvent | AltExportEvent | AnswerEvent)[]
  readonly onEvent: (event: RunEvent | AltExportEvent | AnswerEvent) => void
} {
  const events: (RunEvent | AltExportEvent | AnswerEvent)[] = []
  return { events, onEvent: (event) => events.push(event) }
}

/** How often each resource stands in the files of these names. */
export function idsIn(output: string, names: RegExp): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const [name, bytes] of filesIn(output)) {
    if (!names.test(name) || name.startsWith('_')) continue
    for (const line of bytes.toString().split('\n')) {
      if (line === '') continue
      const { resourceType, id } = JSON.parse(line) as Resource
      counts.set(`${resourceType}/${id}`, (counts.get(`${resourceType}/${id}`) ?? 0) + 1)
    }
  }
  return counts
}
