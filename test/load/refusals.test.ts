import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import type { Fault } from '../fhir-server/faults.js'
import type { Resource } from '../fhir-server/resource.js'
import { contents, loadTrial, ndjson, patients } from '../support/load-trial.js'

const PATIENTS = patients(50)
const bad = (n: number): Resource => ({ resourceType: 'Patient', id: `p${n}`, nosuch: 'CANARY-ELEMENT' })
const withBad = (...places: readonly number[]): string =>
  ndjson(PATIENTS.map((patient, n) => (places.includes(n) ? bad(n) : patient)))

interface Line {
  readonly ordinal: number
  readonly fate: string
  readonly status?: number
  readonly serverText?: string
}
const errorsOf = (text: string): readonly Line[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)

t.test('entries that the server refuses are named, and all others are loaded', async (t) => {
  for (const refusesWholeBatch of [false, true]) {
    const trial = await loadTrial(t, { 'a.ndjson': withBad(7, 33) }, { refusesWholeBatch })
    const report = await trial.load()
    t.match(report, { read: 50, loaded: 48, failed: 2, ambiguous: 0 })
    t.same(contents(trial.server).size, 48)
    const errors = errorsOf(trial.kept('errors.ndjson'))
    t.same(errors.map(({ ordinal, status }) => [ordinal, status]).sort(), [
      [33, 400],
      [7, 400],
    ])
    t.match(errors[0], { fate: 'failed', serverText: /no element/ })
    t.notMatch(trial.kept('audit.ndjson') + trial.kept('errors.ndjson'), /CANARY-ELEMENT/)
  }
})

t.test("a server's text that names a patient stays in errors.ndjson", async (t) => {
  const trial = await loadTrial(t, { 'a.ndjson': ndjson(PATIENTS) })
  const diagnostics = 'CANARY-NAME Smith is no name'
  trial.server.script({ on: { path: '^$' }, act: { kind: 'entry', at: 3, status: '400', diagnostics } })
  const report = await trial.load()
  t.match(trial.kept('errors.ndjson'), 'CANARY-NAME')
  t.notMatch(JSON.stringify([report, trial.events]) + trial.kept('audit.ndjson'), /CANARY/)
})

t.test('an entry that is always throttled ends as failed, and the others do not wait for it', async (t) => {
  const trial = await loadTrial(t, { 'a.ndjson': ndjson(PATIENTS) })
  trial.server.script({ when: 'always', act: { kind: 'entry', match: 'Patient/p7$', status: '429' } })
  t.match(await trial.load(), { loaded: 49, failed: 1, byStatus: { 429: 1 } })
})

const always = (act: Fault['act']): Fault => ({ when: 'always', act })

t.test('a load that cannot go on ends with its reason, and resumes where it was', async (t) => {
  const ends = {
    LOAD_REFUSED: { kind: 'answer', status: 404 },
    AUTH_FAILED: { kind: 'answer', status: 401 },
    SERVICE_UNAVAILABLE: { kind: 'answer', status: 503 },
    LOAD_INVALID: { kind: 'entries', change: 'swapped' },
  } as const
  for (const [code, act] of Object.entries(ends)) {
    const trial = await loadTrial(t, { 'a.ndjson': ndjson(PATIENTS) })
    trial.server.script({ ...always(act), on: { path: '^$' } })
    await t.rejects(trial.load({ outageLimitMs: 60_000 }), { code }, code)
    trial.server.heal()
    t.match(await trial.load(), { read: 50, loaded: 50, failed: 0 }, `after ${code}`)
    t.equal(contents(trial.server).size, 50)
  }
})

t.test('a POST with ifNoneExist is sent again, and found', async (t) => {
  const entry = PATIENTS.map((patient, n) => ({
    resource: { ...patient, id: undefined, identifier: [{ system: 's', value: `${n}` }] },
    request: { method: 'POST', url: 'Patient', ifNoneExist: `identifier=s|${n}` },
  }))
  const text = JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry })
  const trial = await loadTrial(t, { 'a.json': text })
  trial.server.script({ on: { path: '^$' }, when: { every: 2 }, act: { kind: 'reset', at: 'after' } })
  t.match(await trial.load(), { read: 50, loaded: 50, ambiguous: 0 })
  t.equal(trial.server.resources().size, 50)
})

t.test('what was read of a damaged file is loaded, and nothing else is said of it', async (t) => {
  // Megabytes: what a decompressor holds back when it finds the damage is only a part of them.
  const many = patients(3_000).map((one) => ({
    ...one,
    name: [{ text: randomBytes(750).toString('base64') }],
  }))
  const whole = gzipSync(ndjson(many))
  const trial = await loadTrial(t, { 'a.ndjson.gz': whole.subarray(0, -2_000), 'b.ndjson': ndjson(PATIENTS) })
  const { unreadable, loaded } = await trial.load()
  t.match(unreadable, [
    { item: 'a.ndjson.gz', code: 'SOURCE_CORRUPT', message: /^is not a complete gzip file; / },
  ])
  t.notMatch(unreadable, [{ message: 'nothing of it was committed' }])
  t.ok(loaded > 50 && loaded < 3_000)
})
