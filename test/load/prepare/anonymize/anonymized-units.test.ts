// Holds src/load/prepare/anonymize/anonymized-units.ts, src/load/prepare/anonymize/anonymized-draft.ts,
// src/load/prepare/anonymize/resource-anonymizer.ts, src/load/prepare/anonymize/line-outcomes.ts.
import { readFileSync } from 'node:fs'
import { Readable, Writable } from 'node:stream'
import t, { type Test } from 'tap'
import { presetPath } from '../../../../src/config/anonymizer/presets.js'
import { mixedSyntheticPieces, planSynthetic } from '../../../../src/demo/generate.js'
import { createPreparer, type Preparer, type PreparerResult } from '../../../../src/load/prepare/preparer.js'
import { withoutVersions } from '../../../../src/load/prepare/resource-edit.js'
import type { LoadEntry, LoadUnit } from '../../../../src/load/unit.js'
import type { AnonymizerPlan } from '../../../../src/pipeline/plan.js'
import { anonymizeStream } from '../../../../src/pipeline/stream.js'
import { CONFIG, planFor, syntheticLines, watchThreads } from '../../../support/pipeline-run.js'
import { seededRandom } from '../../../support/random.js'
import { bodyOf, entriesOf, entryOf, linesOf, preparedIn, resultsOf, singles } from '../entries.js'

interface Anonymizing {
  readonly method?: 'put' | 'post'
  readonly folderName?: string
  readonly maxLineBytes?: number
  readonly signal?: AbortSignal
}

const neverSearch = (): never => {
  throw new Error('nothing is to be searched for')
}

function anonymizing(
  t: Test,
  plan: AnonymizerPlan,
  { method = 'put', folderName = '', ...options }: Anonymizing = {},
): Preparer {
  const spec = plan.settle(plan.newRunSecrets())
  const anonymizer = { spec, folderName, workers: 1, ...options }
  const preparer = createPreparer({ method, keepVersions: false, search: neverSearch, anonymizer })
  t.teardown(() => preparer.close())
  return preparer
}

const preset = (name: string): AnonymizerPlan =>
  planFor(JSON.parse(readFileSync(presetPath(name) ?? name, 'utf8')) as object)

const rulesFor = (id: string): AnonymizerPlan =>
  planFor({ ...CONFIG, fhirPathRules: [{ path: 'Resource.id', method: id }] })

/** Entries as lines of NDJSON give them. */
const entriesIn = (lines: Buffer): readonly LoadEntry[] =>
  lines
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line, ordinal, all) => ({
      ...entryOf({ resource: JSON.parse(line) }, ordinal),
      offset: Buffer.byteLength(all.slice(0, ordinal).join('\n')) + (ordinal > 0 ? 1 : 0),
      resource: Buffer.from(line),
    }))

async function streamed(plan: AnonymizerPlan, lines: Buffer): Promise<readonly Buffer[]> {
  const pieces: Buffer[] = []
  const output = new Writable({
    write(piece: Buffer, _encoding, done) {
      pieces.push(Buffer.from(piece))
      done()
    },
  })
  await anonymizeStream({ plan, input: Readable.from([lines]), output, workers: 1 })
  return Buffer.concat(pieces)
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Buffer.from(line))
}

t.test('each resource becomes what a run makes of it as a line, whatever is sent with it', async (t) => {
  const random = seededRandom('anonymized entries')
  // More than a chunk of them, once.
  for (const [dateShiftScope, bytes] of [
    ['file', 1_200_000],
    ['patient', 100_000],
  ] as const) {
    const lines = syntheticLines(bytes, 3)
    // Encrypted and perturbed values depend on the place of the line.
    const plan = planFor({ ...CONFIG, parameters: { ...CONFIG.parameters, dateShiftScope } })
    const expected = await streamed(plan, lines)
    const entries = entriesIn(lines)
    t.equal(entries.length, expected.length)
    const chosen = entries.filter(() => random.chance(0.8))
    const preparer = anonymizing(t, plan)
    const prepared = preparedIn(await resultsOf(preparer, singles(chosen), '-'))
    await preparer.close()
    t.strictSame(
      prepared.map(({ body }) => body.toString()),
      chosen.map(({ ordinal }) => withoutVersions(expected[ordinal] ?? Buffer.of()).toString()),
    )
  }
})

t.test('the scope of a folder takes its name', async (t) => {
  const plan = planFor({ ...CONFIG, parameters: { ...CONFIG.parameters, dateShiftScope: 'folder' } })
  const resource = { resourceType: 'Patient', id: 'a', birthDate: '1970-05-05' }
  const dates = new Set<unknown>()
  for (const folderName of ['one', 'two']) {
    const preparer = anonymizing(t, plan, { folderName })
    const [prepared] = preparedIn(await resultsOf(preparer, singles([entryOf({ resource })])))
    await preparer.close()
    dates.add(prepared && bodyOf(prepared).birthDate)
  }
  t.equal(dates.size, 2, 'the shift depends on it')
})

t.test('with a preset of any version, what refers to a patient refers to what is PUT', async (t) => {
  for (const [name, version] of [
    ['research-r4', 'R4'],
    ['safe-harbor-stu3', 'STU3'],
  ] as const) {
    const mix = { Patient: 3, Observation: 20 }
    const pieces = mixedSyntheticPieces(planSynthetic({ version, seed: 5, bytes: 100_000, mix }))
    const preparer = anonymizing(t, preset(name))
    const results = await resultsOf(preparer, singles(entriesIn(Buffer.concat([...pieces]))))
    await preparer.close()
    const urls = new Set(linesOf(results).map((line) => line.replace('PUT ', '')))
    const subjects = preparedIn(results).flatMap((prepared) => {
      const { subject } = bodyOf(prepared) as { subject?: { reference: string } }
      t.equal(prepared.url, `${bodyOf(prepared).resourceType}/${bodyOf(prepared).id}`)
      t.match(prepared.entry, { type: bodyOf(prepared).resourceType, id: bodyOf(prepared).id })
      return subject?.reference ?? []
    })
    t.ok(subjects.length > 50)
    t.strictSame(
      subjects.filter((subject) => !urls.has(subject)),
      [],
      name,
    )
    t.ok([...urls].every((url) => /^[A-Za-z]+\/[0-9a-f]{64}$/.test(url)))
  }
})

const uuid = (n: number): string => `urn:uuid:0c3151bd-1cbf-4d64-b04d-00000000000${n}`
const post = (type: string) => ({ request: { method: 'POST', url: type } })
const transaction = (...entries: Parameters<typeof entriesOf>[0][number][]): LoadUnit => ({
  kind: 'transaction',
  entries: entriesOf(entries),
})
const patient = { fullUrl: uuid(1), resource: { resourceType: 'Patient', active: true }, ...post('Patient') }
const observation = (status: unknown) => ({
  fullUrl: uuid(2),
  resource: { resourceType: 'Observation', status, code: { text: 'x' }, subject: { reference: uuid(1) } },
  ...post('Observation'),
})

t.test('a transaction keeps its references, without the names it had for its entries', async (t) => {
  const preparer = anonymizing(t, preset('research-r4'))
  const results = await resultsOf(preparer, [transaction(patient, observation('final'))])
  const [first, second] = preparedIn(results)
  t.equal(results.length, 1)
  t.match(first?.url, /^Patient\/[0-9a-f]{64}$/)
  t.strictSame(second && bodyOf(second).subject, { reference: first?.url })
  t.notOk(JSON.stringify(results).includes('fullUrl'))
  t.notOk(texts(results).includes('0c3151bd'))
})

t.test('a transaction is rejected as a whole, after it is anonymized or before', async (t) => {
  const preparer = anonymizing(t, preset('research-r4'))
  const results = await resultsOf(preparer, [
    transaction(patient, observation({ a: 1 })),
    transaction(patient, { request: { method: 'DELETE', url: 'Patient/x' } }),
    { kind: 'entry', entry: entryOf({ resource: { resourceType: 'Patient', id: 'a' } }) },
  ])
  t.strictSame(linesOf(results).slice(0, 4), [
    'rejected TRANSACTION_REJECTED',
    'rejected WRONG_KIND',
    'rejected TRANSACTION_REJECTED',
    'rejected REQUEST_NOT_ANONYMIZABLE',
  ])
  t.match(linesOf(results)[4], /^PUT Patient/)
})

t.test('with the method post, no entry of a transaction may refer to one without an id', async (t) => {
  const preparer = anonymizing(t, preset('research-r4'), { method: 'post' })
  const results = await resultsOf(preparer, [
    transaction(patient, observation('final')),
    { kind: 'entry', entry: entryOf({ resource: { resourceType: 'Patient' } }) },
    transaction(patient),
  ])
  t.strictSame(linesOf(results), [
    'rejected TRANSACTION_REJECTED',
    'rejected REFERENCE_NOT_ANONYMIZABLE',
    'POST Patient',
    'POST Patient',
  ])
  t.notOk(texts(results).includes('0c3151bd'))
})

t.test('ids that a configuration makes unusable are said to be its doing', async (t) => {
  const entry = entryOf({ resource: { resourceType: 'Patient', id: 'a', active: true } })
  for (const [rule, code, hint] of [
    ['redact', 'NO_ID', 'keep or hash Resource.id'],
    ['encrypt', 'BAD_ID', 'cryptoHash'],
  ] as const) {
    const preparer = anonymizing(t, rulesFor(rule))
    const [result] = await resultsOf(preparer, singles([entry]))
    await preparer.close()
    t.match(result, { kind: 'rejected', code, message: hint })
  }
  const preparer = anonymizing(t, rulesFor('redact'), { method: 'post' })
  t.strictSame(linesOf(await resultsOf(preparer, singles([entry]))), ['POST Patient'])
})

t.test('rejected lines, long ones and resources over several lines keep their places', async (t) => {
  const preparer = anonymizing(t, rulesFor('keep'), { maxLineBytes: 3_000_000 })
  const long = (bytes: number) => ({ resourceType: 'Patient', id: 'l', language: 'x'.repeat(bytes) })
  const entries = [
    entryOf({ resource: { resourceType: 'Patient', id: 'a' } }, 0),
    entryOf({ resource: { resourceType: 'Patient', id: 'b', noSuchElement: 1 } }, 1),
    { ...entryOf({ resource: { resourceType: 'Patient', id: 'c' } }, 2) },
    entryOf({ resource: long(2_500_000) }, 3),
    entryOf({ resource: long(3_100_000) }, 4),
    entryOf({ resource: { resourceType: 'Patient', id: 'd' } }, 5),
  ].map((entry) => ({
    ...entry,
    resource: Buffer.from(JSON.stringify(JSON.parse(entry.resource.toString()), null, '\r\n\t')),
  }))
  const results = await resultsOf(preparer, singles(entries))
  t.strictSame(linesOf(results), [
    'PUT Patient/a',
    'rejected UNKNOWN_ELEMENT',
    'PUT Patient/c',
    'PUT Patient/l',
    'rejected LINE_TOO_LONG',
    'PUT Patient/d',
  ])
  t.match(results[1], { ordinal: 1, offset: 1000 })
})

t.test('nothing is prepared of what a configuration has not seen', async (t) => {
  const canary = 'Zebedee-Quux-777'
  const hidden = { resourceType: 'Patient', id: canary, name: [{ family: canary }] }
  const asked = (method: string, url: string, conditions = {}) => ({
    request: { method, url, ...conditions },
  })
  const subject = (reference: string) => ({ resourceType: 'Observation', id: 'o', subject: { reference } })
  const entries = entriesOf([
    { resource: hidden, fullUrl: `http://${canary}/Patient/${canary}` },
    { resource: hidden, ...asked('PUT', `Patient/${canary}`) },
    { resource: hidden, ...asked('PUT', `Patient/${canary}`, { ifMatch: canary }) },
    { resource: hidden, ...asked('PUT', `Patient/${canary}`, { ifNoneMatch: canary }) },
    { resource: hidden, ...asked('PUT', `Patient?identifier=${canary}`) },
    { resource: hidden, ...asked('POST', 'Patient', { ifNoneExist: `identifier=${canary}` }) },
    { resource: hidden, ...asked('PATCH', `Patient/${canary}`) },
    asked('DELETE', `Patient/${canary}`),
    asked('DELETE', `Patient?identifier=${canary}`),
    { resource: subject(`Patient?identifier=${canary}`) },
    { resource: subject(`Patient/${canary}`) },
    { resource: subject(`urn:uuid:${canary}`) },
    { resource: { ...subject('Patient/1'), contained: [hidden] } },
    { resource: { resourceType: canary, id: canary } },
    { resource: { ...hidden, [canary]: canary } },
    { resource: { ...hidden, id: `${canary} !` } },
    { resource: { resourceType: 'Patient', name: [{ family: canary }] }, fullUrl: `urn:uuid:${canary}` },
  ])
  for (const name of ['safe-harbor-r4', 'research-r4'])
    for (const method of ['put', 'post'] as const) {
      const preparer = anonymizing(t, preset(name), { method })
      const results = await resultsOf(preparer, [
        ...singles(entries),
        ...entries.map((entry) => ({ kind: 'transaction', entries: [entry] }) as const),
      ])
      await preparer.close()
      t.equal(results.length, 2 * entries.length)
      t.ok(preparedIn(results).length >= 8, `${preparedIn(results).length} are prepared`)
      t.notOk(texts(results).includes(canary), `${name} ${method}`)
      const codes = results.map((result) => (result.kind === 'rejected' ? result.code : ''))
      t.strictSame(codes.slice(2, 10), [
        'CONDITIONAL_NOT_ANONYMIZABLE',
        'CONDITIONAL_NOT_ANONYMIZABLE',
        'CONDITIONAL_NOT_ANONYMIZABLE',
        'CONDITIONAL_NOT_ANONYMIZABLE',
        'REQUEST_NOT_ANONYMIZABLE',
        'REQUEST_NOT_ANONYMIZABLE',
        'CONDITIONAL_NOT_ANONYMIZABLE',
        'CONDITIONAL_NOT_ANONYMIZABLE',
      ])
    }
})

/** All that results hold, bodies as text. */
const texts = (results: readonly PreparerResult[]): string =>
  JSON.stringify(results, (_key, value: unknown) => {
    const { type, data } = (value ?? {}) as { type?: unknown; data?: unknown }
    return type === 'Buffer' ? Buffer.from(data as number[]).toString() : value
  })

t.test('a load that is interrupted ends, and closing it ends its threads', async (t) => {
  const threads = watchThreads(t)
  const stopping = new AbortController()
  const preparer = anonymizing(t, preset('research-r4'), { signal: stopping.signal })
  await resultsOf(preparer, singles(entriesIn(syntheticLines(10_000))))
  t.ok(threads.size > 0)
  stopping.abort()
  await t.rejects(resultsOf(preparer, singles(entriesIn(syntheticLines(10_000)))), { code: 'INTERRUPTED' })
  await preparer.close()
  t.equal(threads.size, 0)
})
