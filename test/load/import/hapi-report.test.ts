import t from 'tap'
import { hapiReport } from '../../../src/load/import/hapi-report.js'

// As HAPI 8.8.0 wrote them.
const HEAD = [
  'Bulk Import Report',
  '------------------------------------------',
  'Start Time      : 2026-11-30 20:39:51.929',
  'Duration        : 3398ms',
  'Storage Actions : 43 (11/sec)',
  '------------------------------------------',
]
const OBSERVATIONS = 'http://127.0.0.1:8098/bad-ref.ndjson'
const PATIENTS = 'http://127.0.0.1:8098/Patient.ndjson?x=1'
const outcome = (severity: string, ...texts: readonly unknown[]) => ({
  resourceType: 'OperationOutcome',
  issue: texts.map((diagnostics) => ({ severity, ...(diagnostics !== undefined && { diagnostics }) })),
})
const report = (...lines: readonly string[]): string =>
  JSON.stringify({ reportMsg: `${[...HEAD, ...lines].join('\n')}\n` }, null, 2)

t.test('counts of each source', async (t) => {
  const text = report(
    `Source: ${OBSERVATIONS}`,
    '  Outcomes:',
    '    * SUCCESSFUL_UPDATE_AS_CREATE: 20',
    '    * SUCCESSFUL_UPDATE_NO_CHANGE: 2',
    `Source: ${PATIENTS}`,
    '  Outcomes:',
    '    * SUCCESSFUL_CREATE: 20',
  )
  t.strictSame(
    [...(hapiReport(outcome('information', text)) ?? [])],
    [
      [OBSERVATIONS, { loaded: 22, failed: 0, errors: [] }],
      [PATIENTS, { loaded: 20, failed: 0, errors: [] }],
    ],
  )
})

t.test('lines that failed, with messages that look like counts', async (t) => {
  const text = report(
    `Source: ${OBSERVATIONS}`,
    '  Outcomes:',
    '    * SUCCESSFUL_UPDATE_AS_CREATE: 2',
    '    * FAILURE: 1',
    '  Errors:',
    '    * HAPI-1094: Resource Patient/none not found, specified in path: Observation.subject',
    '    * FAILURE: 7',
  )
  const failed = outcome('error', 'Job is in FAILED state with 0 error count.', text)
  t.strictSame(
    [...(hapiReport(failed) ?? [])],
    [
      [
        OBSERVATIONS,
        {
          loaded: 2,
          failed: 1,
          errors: [
            'HAPI-1094: Resource Patient/none not found, specified in path: Observation.subject',
            'FAILURE: 7',
          ],
        },
      ],
    ],
  )
})

t.test('a job that failed as a whole has no report', async (t) => {
  t.equal(hapiReport(outcome('error', 'Job is in FAILED state with 1 error count.', undefined)), undefined)
  t.equal(hapiReport({ resourceType: 'OperationOutcome' }), undefined)
  t.equal(hapiReport(outcome('information', '{"other":1}', 'no JSON', 5)), undefined)
})
