// Holds src/fhir-client/outcomes.ts.

import { join } from 'node:path'
import t from 'tap'
import type { ExportRequest } from '../../../src/export/job/request.js'
import {
  type Answer,
  outcome,
  type Plan,
  type Script,
  startBadServer,
} from '../../support/bad-fhir-server.js'
import { exportTo, lines, patientLine } from '../../support/export-run.js'
import { codeOf } from '../../support/pipeline-run.js'

t.jobs = 3

const FILES = { Patient: [lines(3, patientLine)] }
const OUTCOME = `${JSON.stringify({
  resourceType: 'OperationOutcome',
  issue: [{ severity: 'warning', code: 'informational' }],
})}\n`

const PARAMETERS: ExportRequest['parameters'] = [
  ['_type', 'Patient'],
  ['_type', 'Observation,Condition'],
  ['_since', '2026-01-01T00:00:00Z'],
  ['includeAssociatedData', 'LatestProvenanceResources'],
  ['includeAssociatedData', '_own'],
]

/** Takes POST only, and says so by this answer. */
const postOnly =
  (refusal: Answer): Script =>
  ({ method }, _, good) =>
    method === 'POST' ? good() : refusal

const statement =
  (facts: object): Plan['other'] =>
  ({ url }) =>
    url.endsWith('/metadata')
      ? { body: JSON.stringify({ resourceType: 'CapabilityStatement', ...facts }) }
      : undefined

const V4_INSTANTIATES = statement({
  instantiates: ['http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data|4.0.0-ballot'],
})
const V4_OPERATION = statement({
  rest: [
    null,
    {
      resource: [
        {
          type: 'Patient',
          operation: [{ name: 'export', definition: 'http://x.test/OperationDefinition/x' }],
        },
        {
          type: 'Group',
          operation: [{ name: 'export-v4', definition: 'http://x.test/OperationDefinition/y' }],
        },
      ],
    },
  ],
})
const V4_DEFINITION = statement({
  rest: [
    {
      operation: [
        { name: 'export', definition: 'http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export|4.0.0' },
      ],
    },
  ],
})
const V3 = statement({
  instantiates: 'http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data|3.0.0',
})

interface Case {
  readonly plan: Partial<Plan>
  readonly form: 'v2' | 'v4'
}

const SWITCHED: Readonly<Record<string, Case>> = {
  '405': { plan: { kickOff: postOnly({ status: 405 }) }, form: 'v2' },
  '405 of version 3': { plan: { kickOff: postOnly({ status: 405 }), other: V3 }, form: 'v2' },
  '405 and its metadata is a page': {
    plan: {
      kickOff: postOnly({ status: 405 }),
      other: () => ({ headers: { 'content-type': 'text/html' }, body: '<html>' }),
    },
    form: 'v2',
  },
  '400 that allows POST': {
    plan: { kickOff: postOnly({ ...outcome(400, 'not-supported'), headers: { allow: 'OPTIONS, post' } }) },
    form: 'v2',
  },
  '405 of version 4, by what it instantiates': {
    plan: { kickOff: postOnly({ status: 405 }), other: V4_INSTANTIATES },
    form: 'v4',
  },
  '404 of version 4, by the name of its operation': {
    plan: { kickOff: postOnly({ status: 404 }), other: V4_OPERATION },
    form: 'v4',
  },
  '400 of version 4, by the definition of its operation': {
    plan: { kickOff: postOnly(outcome(400, 'invalid')), other: V4_DEFINITION },
    form: 'v4',
  },
}

const posted = (body: string): unknown[] => JSON.parse(body).parameter

const EXPECTED = {
  v2: [
    { name: '_type', valueString: 'Patient' },
    { name: '_type', valueString: 'Observation,Condition' },
    { name: '_since', valueInstant: '2026-01-01T00:00:00Z' },
    { name: 'includeAssociatedData', valueCode: 'LatestProvenanceResources' },
    { name: 'includeAssociatedData', valueCode: '_own' },
  ],
  v4: [
    { name: '_type', valueString: 'Patient' },
    { name: '_type', valueString: 'Observation' },
    { name: '_type', valueString: 'Condition' },
    { name: '_since', valueInstant: '2026-01-01T00:00:00Z' },
    {
      name: 'includeAssociatedData',
      valueCoding: {
        system: 'http://hl7.org/fhir/uv/bulkdata/CodeSystem/include-associated-data',
        code: 'LatestProvenanceResources',
      },
    },
    { name: 'includeAssociatedData', valueCoding: { code: '_own' } },
  ],
}

for (const [name, { plan, form }] of Object.entries(SWITCHED))
  t.test(`a server that refuses GET with ${name} is asked by POST in the form of ${form}`, async (t) => {
    const server = await startBadServer(t, { files: FILES, ...plan })
    const request = { level: 'system', parameters: PARAMETERS } as const
    const report = await exportTo(server, join(t.testdir(), 'out'), { request, plan: undefined })
    t.equal(report.isComplete, true)
    t.equal(server.count('POST', /\$export/), 1)
    t.same(posted(server.asked.find(({ method }) => method === 'POST')?.body ?? ''), EXPECTED[form])
  })

t.test('a server of version 4 that refuses a Parameters resource of version 2 gets its own', async (t) => {
  const server = await startBadServer(t, {
    files: FILES,
    other: V4_INSTANTIATES,
    kickOff: ({ body }, _, good) => (body.includes('valueCode"') ? outcome(400, 'structure') : good()),
  })
  const request = { level: 'patient', method: 'POST', parameters: PARAMETERS } as const
  await exportTo(server, join(t.testdir(), 'out'), { request, plan: undefined })
  t.same(posted(server.asked.findLast(({ url }) => url.includes('$export'))?.body ?? ''), EXPECTED.v4)
})

const REFUSED: Readonly<Record<string, Partial<Plan>>> = {
  'a bad parameter': { kickOff: () => outcome(400, 'invalid') },
  'no such group': { kickOff: () => outcome(404, 'not-found'), other: V3 },
  'both methods': { kickOff: () => ({ status: 405, headers: { allow: 'GET, POST' } }) },
}

for (const [name, plan] of Object.entries(REFUSED))
  t.test(`a refusal for another reason (${name}) stands`, async (t) => {
    const server = await startBadServer(t, { files: FILES, ...plan })
    t.equal(await codeOf(exportTo(server, join(t.testdir(), 'out'))), 'EXPORT_REFUSED')
    t.ok(server.count('POST', /\$export/) <= 1)
  })

const list = (url: string): object[] => [{ type: 'OperationOutcome', url, count: 1 }]

for (const [name, change] of Object.entries({
  error: (one: object[], _: object[]) => ({ error: one }),
  outcome: (one: object[], _: object[]) => ({ outcome: one.map((file) => ({ ...file, type: undefined })) }),
  'both, of the same files': (one: object[], _: object[]) => ({ error: one, outcome: one }),
}))
  t.test(`outcomes are counted once, listed as ${name}`, async (t) => {
    const server = await startBadServer(t, {
      files: FILES,
      outcomes: [OUTCOME],
      manifest: ({ error: _, request: __, ...manifest }, origin) => ({
        ...manifest,
        ...change(list(`${origin}/files/OperationOutcome/0`), []),
        extension: [{ url: 'http://x.test', valueString: 'x' }],
      }),
    })
    const report = await exportTo(server, join(t.testdir(), 'out'), { plan: undefined })
    t.same(report.issues, { 'warning/informational': 1 })
  })
