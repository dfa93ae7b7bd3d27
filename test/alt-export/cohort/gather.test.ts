import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { AltExportReport } from '../../../src/alt-export/options.js'
import type { Resource } from '../../fhir-server/resource.js'
import { startFhirServer, type TestFhirServer } from '../../fhir-server/server.js'
import { altExportTo, cohortResources, idsIn } from '../../support/alt-export-run.js'
import { codeOf } from '../../support/pipeline-run.js'
import { virtualClock } from '../../support/virtual-clock.js'

async function serverOf(t: Test, resources: readonly Resource[]): Promise<TestFhirServer> {
  const server = await startFhirServer()
  t.teardown(() => server.close())
  server.seed([...cohortResources(20, { observations: 0 }), ...resources])
  return server
}

async function cohort(
  t: Test,
  server: TestFhirServer,
  query: string,
  patientReferenceField = 'id',
): Promise<{ readonly report: AltExportReport; readonly ids: readonly string[] }> {
  const output = join(t.testdir(), 'out')
  const definition = { kind: 'cohort', query, patientReferenceField, include: ['Patient?_id=$IDS'] } as const
  const report = await altExportTo(server, output, {
    definition,
    now: () => new Date('2026-11-30T12:00:00Z'),
  })
  return { report, ids: [...idsIn(output, /^Patient/).keys()].map((key) => key.slice(8)).sort() }
}

const member = (reference: string, more: object = {}): object => ({ entity: { reference }, ...more })

t.test('a Group gives its members: each once, nested ones too, no inactive or former ones', async (t) => {
  const server = await serverOf(t, [
    {
      resourceType: 'Group',
      id: 'g1',
      member: [
        member('Patient/p001'),
        member('Patient/p001'),
        member('Patient/p002/_history/1'),
        member('Patient/p003', { inactive: true }),
        member('Patient/p004', { period: { end: '2026-01-01' } }),
        member('Group/g2'),
        member('Practitioner/dr1'),
      ],
    },
    {
      resourceType: 'Group',
      id: 'g2',
      member: [member('Patient/p005'), member('Patient/p001'), member('Group/g1'), member('Group/g3')],
    },
    { resourceType: 'Group', id: 'g3', member: [member('Patient/p006'), member('Group/g2')] },
  ])
  for (const query of ['Group/g1', 'Group?_id=g1']) {
    const { report, ids } = await cohort(t, server, query)
    t.strictSame(ids, ['p001', 'p002', 'p005', 'p006'], query)
    t.match(report.ids, {
      unique: 4,
      found: 3,
      repeated: 2,
      without: { inactive: 1, 'not-in-period': 1, 'other-type': 1 },
    })
  }
})

t.test('a nested Group that is gone ends the run before anything is exported', async (t) => {
  const server = await serverOf(t, [{ resourceType: 'Group', id: 'g1', member: [member('Group/gone')] }])
  t.equal(await codeOf(cohort(t, server, 'Group/g1')), 'EXPORT_REFUSED')
  t.equal(server.requests.length, 2)
})

t.test('a read gives one patient, a search what its element refers to', async (t) => {
  const server = await serverOf(t, [
    { resourceType: 'Coverage', id: 'c1', beneficiary: { reference: 'Patient/p007' } },
    { resourceType: 'Coverage', id: 'c2', beneficiary: { identifier: { value: 'CANARY' } } },
    { resourceType: 'Coverage', id: 'c3', beneficiary: { reference: '#p' } },
    {
      resourceType: 'Appointment',
      id: 'a1',
      status: 'booked',
      // An array of elements that hold no reference themselves.
      participant: [{ actor: { reference: 'Patient/p008' }, status: 'accepted' }],
      basedOn: [{ reference: 'Patient/p009' }, { reference: 'Patient/p010' }],
    },
  ])
  t.strictSame((await cohort(t, server, 'Patient/p003')).ids, ['p003'])
  const coverages = await cohort(t, server, 'Coverage?_count=1', 'beneficiary')
  t.strictSame(coverages.ids, ['p007'])
  t.match(coverages.report.ids, { found: 3, without: { missing: 1, contained: 1 } })
  t.strictSame((await cohort(t, server, 'Coverage/c1', 'beneficiary')).ids, ['p007'])
  t.strictSame((await cohort(t, server, 'Appointment', 'basedOn')).ids, ['p009', 'p010'])
})

t.test('of what the server adds to the matches only patients count', async (t) => {
  const server = await serverOf(t, [
    { resourceType: 'Coverage', id: 'c1', beneficiary: { reference: 'Patient/p007' } },
  ])
  const query = 'Patient?_id=p001&_include=Patient:general-practitioner'
  const { report, ids } = await cohort(t, server, query)
  t.strictSame(ids, ['p001'])
  t.match(report.ids, { unique: 1, found: 2, without: {} })
  const field = await cohort(t, server, 'Coverage?_include=Coverage:beneficiary', 'beneficiary')
  t.match(
    field.report.ids,
    { unique: 1, found: 2, without: {} },
    'the patient itself is not missing a reference',
  )
})

t.test('a query that fails says so and exports nothing', async (t) => {
  const server = await serverOf(t, [])
  const table = [
    [404, 'EXPORT_REFUSED'],
    [400, 'EXPORT_REFUSED'],
    [500, 'EXPORT_FAILED'],
  ] as const
  for (const [status, code] of table) {
    server.heal()
    server.script({ when: 'always', act: { kind: 'outcome', status, diagnostics: 'CANARY' } })
    const definition = {
      kind: 'cohort',
      query: 'Patient',
      patientReferenceField: 'id',
      include: ['Patient?_id=$IDS'],
    } as const
    const running = altExportTo(server, join(t.testdir(), String(status)), {
      definition,
      clock: virtualClock(),
    })
    await t.rejects(running, { code, message: new RegExp(`status ${status} \\(error/`) })
    await running.catch((error: Error) => t.notMatch(error.message, /CANARY/))
  }
})
