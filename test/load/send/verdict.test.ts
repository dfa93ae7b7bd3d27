// Holds src/load/send/verdict.ts, src/load/send/entry-outcome.ts, src/load/send/outcome-text.ts.
import t from 'tap'
import type { BundleEntry, LoadBundle } from '../../../src/load/bundle.js'
import { isMisplaced, statusOf } from '../../../src/load/send/entry-outcome.js'
import { outcomeText } from '../../../src/load/send/outcome-text.js'
import { judge, type Verdict } from '../../../src/load/send/verdict.js'
import { bundleOf, createOf, entryOf } from './loading.js'

const answered = (...entry: readonly object[]): string =>
  JSON.stringify({ resourceType: 'Bundle', type: 'batch-response', entry })
const response = (status: unknown, more: object = {}) => ({ response: { status, ...more } })
const NONE: ReadonlySet<number> = new Set()

const judged = (bundle: LoadBundle, text: string, retryStatuses = NONE) => {
  const verdict = judge(bundle, { status: 200, text }, retryStatuses)
  return verdict.kind === 'judged'
    ? verdict.outcomes.map(({ kind, status }) => `${kind} ${status ?? '-'}`)
    : verdict.kind
}

const DELETED = entryOf('a', { method: 'DELETE', body: Buffer.alloc(0) })

/** Status of an entry → outcome for PUT, for POST without a condition, for DELETE. */
const STATUSES: readonly (readonly [unknown, string, string, string])[] = [
  ['200', 'loaded 200', 'loaded 200', 'loaded 200'],
  ['201', 'loaded 201', 'loaded 201', 'loaded 201'],
  ['201 Created', 'loaded 201', 'loaded 201', 'loaded 201'],
  [' 201', 'loaded 201', 'loaded 201', 'loaded 201'],
  [201, 'loaded 201', 'loaded 201', 'loaded 201'],
  ['204', 'loaded 204', 'loaded 204', 'loaded 204'],
  ['304 Not Modified', 'loaded 304', 'loaded 304', 'loaded 304'],
  ['400', 'failed 400', 'failed 400', 'failed 400'],
  ['401', 'failed 401', 'failed 401', 'failed 401'],
  ['403 Forbidden', 'failed 403', 'failed 403', 'failed 403'],
  ['404', 'failed 404', 'failed 404', 'loaded 404'],
  ['410 Gone', 'failed 410', 'failed 410', 'loaded 410'],
  ['408', 'retry 408', 'ambiguous 408', 'retry 408'],
  ['409', 'failed 409', 'failed 409', 'failed 409'],
  ['412 Precondition Failed', 'failed 412', 'failed 412', 'failed 412'],
  ['413', 'failed 413', 'failed 413', 'failed 413'],
  ['422', 'failed 422', 'failed 422', 'failed 422'],
  ['424', 'retry 424', 'retry 424', 'retry 424'],
  ['429 Too Many Requests', 'retry 429', 'retry 429', 'retry 429'],
  ['500', 'retry 500', 'ambiguous 500', 'retry 500'],
  ['501', 'failed 501', 'failed 501', 'failed 501'],
  ['503 Service Unavailable', 'retry 503', 'ambiguous 503', 'retry 503'],
  ['507', 'retry 507', 'ambiguous 507', 'retry 507'],
  ['', 'retry -', 'ambiguous -', 'retry -'],
  ['OK', 'retry -', 'ambiguous -', 'retry -'],
  ['2010', 'retry -', 'ambiguous -', 'retry -'],
  ['20', 'retry -', 'ambiguous -', 'retry -'],
  [undefined, 'retry -', 'ambiguous -', 'retry -'],
  [null, 'retry -', 'ambiguous -', 'retry -'],
  [{ code: 201 }, 'retry -', 'ambiguous -', 'retry -'],
]

t.test('each status of an entry has its outcome', async (t) => {
  for (const [status, put, post, deleted] of STATUSES) {
    const outcomes = [entryOf('a'), createOf('a'), DELETED].map((entry) =>
      judged(bundleOf([entry]), answered(response(status))),
    )
    t.strictSame(outcomes, [[put], [post], [deleted]], JSON.stringify(status))
  }
})

t.test('409 and 412 are sent again where that is set', async (t) => {
  const answer = answered(response('409'), response('412 Precondition Failed'))
  t.strictSame(judged(bundleOf([entryOf('a'), createOf('b')]), answer, new Set([409, 412])), [
    'retry 409',
    'retry 412',
  ])
})

t.test('an entry without a response has no outcome', async (t) => {
  for (const entry of [{}, { response: null }, { response: 'ok' }, { response: [] }])
    t.strictSame(judged(bundleOf([entryOf('a'), createOf('b')]), answered(entry, entry)), [
      'retry -',
      'ambiguous -',
    ])
})

t.test(
  'entries behind one that is throttled have their own outcome, or none where they are left out',
  async (t) => {
    const bundle = bundleOf([entryOf('a'), entryOf('b'), entryOf('c'), createOf('d')])
    t.strictSame(
      judged(bundle, answered(response('201'), response('429'), response('201'), response('429'))),
      ['loaded 201', 'retry 429', 'loaded 201', 'retry 429'],
    )
    t.strictSame(judged(bundle, answered(response('201'), response('429'))), [
      'loaded 201',
      'retry 429',
      'retry -',
      'ambiguous -',
    ])
  },
)

t.test('places count only if no location contradicts them', async (t) => {
  const bundle = bundleOf([entryOf('a'), entryOf('b')])
  const at = (location: unknown) => response('201', { location })
  for (const [first, second] of [
    ['Patient/a', 'Patient/b/_history/1'],
    ['http://other/fhir/Patient/a/_history/2', 'https://x/Patient/b'],
    [undefined, '/fhir/Patient/b?x'],
    [7, 'nonsense'],
  ])
    t.strictSame(judged(bundle, answered(at(first), at(second))), ['loaded 201', 'loaded 201'])
  t.equal(judged(bundle, answered(at('Patient/b'), at('Patient/a'))), 'invalid')
  t.equal(judged(bundle, answered(at('Patient/a'), at('Patient/B/_history/1'))), 'invalid')
  t.equal(judged(bundle, answered(at('Group/a'), at('Patient/b'))), 'invalid')
  t.strictSame(
    judged(bundleOf([createOf('a')]), answered(at('Patient/77'))),
    ['loaded 201'],
    'the server chooses the id of a POST',
  )
  t.notOk(isMisplaced('Patient?identifier=1', { status: 201, location: 'Patient/9', text: undefined }))
})

t.test('a transaction is sent again as a whole or not at all', async (t) => {
  const bundle = bundleOf([entryOf('a'), entryOf('b')], 'transaction')
  t.strictSame(judged(bundle, answered(response('429'), response('503'))), ['retry 429', 'retry 503'])
  t.strictSame(judged(bundle, answered(response('201'), response('503'))), ['loaded 201', 'failed 503'])
  t.strictSame(judged(bundle, answered(response('201'), {})), ['loaded 201', 'ambiguous -'])
})

const facts = (verdict: Verdict): string => {
  if (verdict.kind !== 'failed') return `${verdict.kind} ${'status' in verdict ? verdict.status : ''}`.trim()
  return `failed ${verdict.failure.message} ${verdict.hasActed ? 'acted' : 'not acted'}`
}

/** Status and body of a whole answer → verdict. */
const WHOLE: readonly (readonly [number, string, string])[] = [
  [200, '', 'failed 200 OTHER_DATA acted'],
  [204, '', 'failed 204 OTHER_DATA acted'],
  [200, '{}', 'failed 200 OTHER_DATA acted'],
  [200, '[]', 'failed 200 OTHER_DATA acted'],
  [200, '{"resourceType":"OperationOutcome"}', 'failed 200 OTHER_DATA acted'],
  [200, '<!DOCTYPE html><html>', 'failed 200 WEB_PAGE acted'],
  [200, answered().slice(0, -5), 'failed 200 OTHER_DATA acted'],
  [200, answered(), 'failed 200 OTHER_DATA acted'],
  [200, answered(response('201'), response('201')), 'failed 200 OTHER_DATA acted'],
  [200, '{"resourceType":"Bundle","entry":{"0":1}}', 'failed 200 OTHER_DATA acted'],
  [301, '', 'address 301'],
  [308, '', 'address 308'],
  [400, '', 'refused 400'],
  [401, '', 'access 401'],
  [403, '', 'access 403'],
  [404, '', 'address 404'],
  [405, '', 'address 405'],
  [406, '', 'address 406'],
  [408, '', 'failed 408 HTTP acted'],
  [409, '', 'refused 409'],
  [412, '', 'refused 412'],
  [413, '', 'refused 413'],
  [415, '', 'address 415'],
  [422, '', 'refused 422'],
  [429, '', 'failed 429 HTTP not acted'],
  [500, '', 'failed 500 HTTP acted'],
  [501, '', 'address 501'],
  [502, '<html>', 'failed 502 HTTP acted'],
  [503, '', 'failed 503 HTTP acted'],
  [504, '', 'failed 504 HTTP acted'],
]

t.test('each answer to a bundle as a whole has its verdict', async (t) => {
  for (const [status, text, verdict] of WHOLE)
    t.equal(facts(judge(bundleOf([entryOf('a')]), { status, text }, NONE)), verdict, `${status} ${text}`)
})

t.test('what the server says goes with a refusal, but no page', async (t) => {
  const outcome = {
    resourceType: 'OperationOutcome',
    issue: [
      {
        severity: 'error',
        code: 'invalid',
        details: { text: 'no such day' },
        expression: ['Patient.birthDate'],
      },
      { severity: 'fatal', diagnostics: 'line 7' },
      null,
    ],
  }
  const text = 'error/invalid: no such day: Patient.birthDate; fatal/?: line 7'
  t.equal(outcomeText(outcome), text)
  t.equal(outcomeText({ resourceType: 'Patient' }), undefined)
  t.equal(outcomeText({ ...outcome, issue: 7 }), undefined)
  t.equal(outcomeText({ ...outcome, issue: [{ diagnostics: 'x'.repeat(9999) }] })?.length, 4000)
  const bundle = bundleOf([entryOf('a')] satisfies readonly BundleEntry[])
  for (const entry of [
    { response: { status: '400', outcome } },
    { resource: outcome, response: { status: '400' } },
  ]) {
    const verdict = judge(bundle, { status: 200, text: answered(entry) }, NONE)
    t.match(verdict, { outcomes: [{ kind: 'failed', status: 400, text }] })
  }
  t.match(judge(bundle, { status: 422, text: JSON.stringify(outcome) }, NONE), { kind: 'refused', text })
  t.match(judge(bundle, { status: 400, text: ' out of space ' }, NONE), { text: 'out of space' })
  t.match(judge(bundle, { status: 400, text: '<html>' }, NONE), { kind: 'refused', text: undefined })
})

t.test('a status is three digits, whatever follows', async (t) => {
  t.strictSame(['200', '200 OK', '200OK', '099', '600', 200, 200.5, 99].map(statusOf), [
    200,
    200,
    200,
    undefined,
    undefined,
    200,
    undefined,
    undefined,
  ])
})
