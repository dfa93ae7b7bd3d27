import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startBadServer } from '../support/bad-fhir-server.js'
import { exportTo, lines, observationLine, patientLine } from '../support/export-run.js'
import { outputsIn, planFor } from '../support/pipeline-run.js'
import { projectRoot } from '../support/shared.js'

interface Entry {
  readonly fullUrl?: string
  readonly request: { readonly method: string; readonly url?: string }
}

const deletion = (...entry: readonly Entry[]): string =>
  `${JSON.stringify({ resourceType: 'Bundle', id: 'b1', type: 'transaction', entry })}\n`

const deleted = [
  deletion(
    { request: { method: 'DELETE', url: 'Patient/p1' } },
    { request: { method: 'DELETE', url: 'Observation/o2' } },
  ),
  deletion({
    fullUrl: 'https://fhir.example.org/r4/Patient/p2',
    request: { method: 'DELETE', url: 'Patient/p2' },
  }),
]
const files = { Patient: [lines(3, patientLine)], Observation: [lines(3, observationLine)] }

const preset = (name: string): object => ({
  ...JSON.parse(readFileSync(join(projectRoot, 'configs', name), 'utf8')),
})

for (const [name, config] of [
  ['rules for references', undefined],
  ['a preset that redacts what it does not know', preset('safe-harbor-r4.json')],
] as const)
  t.test(`deletions name what was delivered: ${name}`, async (t) => {
    const server = await startBadServer(t, { files, deleted })
    const output = join(t.testdir(), 'out')
    const report = await exportTo(server, output, { plan: planFor(config) })
    t.match(report, { isComplete: true, files: { output: 2, deleted: 2 } })
    const read = (file: string) =>
      String(outputsIn(output).get(file))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    const [, patient1, patient2] = read('Patient.1.ndjson').map(({ id }) => id)
    const observation2 = read('Observation.1.ndjson')[2].id
    t.match(patient1, /^[0-9a-f]{64}$/)
    const [first] = read('deleted/Bundle.1.ndjson')
    t.strictSame(
      first.entry.map(({ request }: Entry) => request),
      [
        { method: 'DELETE', url: `Patient/${patient1}` },
        { method: 'DELETE', url: `Observation/${observation2}` },
      ],
    )
    const [second] = read('deleted/Bundle.2.ndjson')
    t.equal(second.entry[0].request.url, `Patient/${patient2}`)
    t.match(second.entry[0].fullUrl, new RegExp(`Patient/${patient2}$`))
    t.notMatch(JSON.stringify([first, second]), /p1|p2|o2/)
  })
