// Holds src/load/run.ts against servers and networks that fail for a while.

import t from 'tap'
import { SYSTEM_RETRY_CLOCK } from '../../src/http/retry-clock.js'
import type { Act, Fault } from '../fhir-server/faults.js'
import type { FhirServerOptions } from '../fhir-server/options.js'
import { contents, type LoadOverrides, loadTrial, ndjson, patients, writes } from '../support/load-trial.js'

const PATIENTS = patients(150)
const EXPECTED = new Map(PATIENTS.map((patient) => [`Patient/${patient.id}`, patient]))
const BUNDLES = '^$'

interface Survived {
  readonly faults?: readonly Fault[]
  readonly server?: FhirServerOptions
  readonly load?: LoadOverrides
  /** The server acted before its answer was lost, so that entries were written again: harmless for a PUT. */
  readonly isWrittenAgain?: true
}

const on = { path: BUNDLES, method: 'POST' }
const once = (act: Act): Survived => ({ faults: [{ on, act }] })
const acted = (act: Act): Survived => ({ ...once(act), isWrittenAgain: true })
const busy = (headers: Record<string, string>, first = 1): Survived => ({
  faults: [{ on, when: { first }, act: { kind: 'answer', status: 429, headers } }],
})
const status = (code: number): Survived => once({ kind: 'outcome', status: code, diagnostics: 'busy' })
const entry = (act: Omit<Extract<Act, { kind: 'entry' }>, 'kind'>, when?: Fault['when']): Survived => ({
  faults: [{ on, ...(when !== undefined && { when }), act: { kind: 'entry', ...act } }],
})
const HTML = { headers: { 'content-type': 'text/html' }, body: '<html>CANARY gateway</html>' }

/** What passes: the load goes on until everything is there. */
const SURVIVED: Readonly<Record<string, Survived>> = {
  '429 with Retry-After in seconds': busy({ 'retry-after': '2' }),
  '429 with x-ms-retry-after-ms': busy({ 'x-ms-retry-after-ms': '1500' }),
  '429 without a wait': busy({}),
  'a storm of 40 × 429': busy({ 'retry-after': '1' }, 40),
  '408': status(408),
  '500': status(500),
  '502': status(502),
  '503': status(503),
  '504': status(504),
  'a page of a gateway, 502': once({ kind: 'answer', status: 502, ...HTML }),
  'a page of a gateway, 200': once({ kind: 'answer', status: 200, ...HTML }),
  'an answer while the request is being sent': once({ kind: 'early-answer', status: 503 }),
  'reset in the body of the request': once({ kind: 'reset', at: 'request-body' }),
  'reset before the server acted': once({ kind: 'reset', at: 'before' }),
  'reset after the server acted': acted({ kind: 'reset', at: 'after' }),
  'reset in the body of the answer': acted({ kind: 'reset', at: 'answer-body' }),
  'an answer cut in the middle': acted({ kind: 'cut-json' }),
  'a server that hangs': { ...once({ kind: 'hang' }), load: { silenceMs: 200 } },
  'an answer in pieces': once({ kind: 'slow', bytes: 500, everyMs: 1 }),
  'an answer with an entry too few': acted({ kind: 'entries', change: 'one-less' }),
  'an answer with an entry too many': acted({ kind: 'entries', change: 'one-more' }),
  'an answer without entries': acted({ kind: 'entries', change: 'none' }),
  'entries without a location': once({ kind: 'entries', change: 'no-location' }),
  'every 7th answer lost': {
    faults: [{ on, when: { every: 7 }, act: { kind: 'reset', at: 'after' } }],
    isWrittenAgain: true,
  },
  'an entry 429 and all behind it': entry({ at: 5, tail: true, status: '429' }),
  'an entry 429 and all behind it, in every second bundle': entry(
    { at: 5, tail: true, status: '429' },
    { every: 2 },
  ),
  'entries 503 with a text': entry({ match: 'Patient/p1', status: '503 Service Unavailable' }, { first: 3 }),
  'a server that takes 7 entries': { server: { maxEntries: 7 } },
  'a server that takes 700 bytes': { server: { maxBytes: 700 } },
  'status texts, absolute locations, an outcome with each success': {
    server: { statusText: 'reason', locations: 'absolute', successOutcomes: true },
  },
  'a server that throttles entries': {
    server: { rate: { perSecond: 2_000, burst: 50, unit: 'entries' } },
    load: { clock: SYSTEM_RETRY_CLOCK },
  },
}

for (const [name, { faults = [], server: serverOptions, load, isWrittenAgain }] of Object.entries(SURVIVED))
  t.test(name, async (t) => {
    const trial = await loadTrial(t, { 'patients.ndjson': ndjson(PATIENTS) }, serverOptions)
    trial.server.script(...faults)
    const report = await trial.load(load)
    t.match(report, { read: 150, loaded: 150, failed: 0, ambiguous: 0 })
    t.same(contents(trial.server), EXPECTED)
    const most = Math.max(...writes(trial.server).values())
    t.ok(isWrittenAgain ? most > 1 : most === 1, `written ${most} times at most`)
    t.ok(trial.server.figures().maxConcurrent <= 2)
    t.notMatch(trial.kept('audit.ndjson') + JSON.stringify(trial.events), /CANARY/)
  })

t.test('tokens that expire during the load', async (t) => {
  const trial = await loadTrial(t, { 'patients.ndjson': ndjson(PATIENTS) }, { tokenSeconds: 3_600 })
  const { tokenUrl, revokeTokens, figures } = trial.server
  let answers = 0
  const report = await trial.load({
    auth: { type: 'client-credentials', tokenUrl, clientId: 'id', clientSecret: 'secret' },
    onProgress: () => {
      answers += 1
      if (answers % 3 === 0) revokeTokens()
    },
  })
  t.match(report, { loaded: 150, failed: 0 })
  t.ok((figures().statuses[401] ?? 0) >= 1)
})
