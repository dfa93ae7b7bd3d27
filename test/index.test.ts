import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type CustomMethod, createAnonymizer, isSluiceError, runPipeline } from '../src/index.js'

const CONFIG = {
  fhirVersion: 'R4',
  fhirPathRules: [
    { path: 'Resource.id', method: 'cryptoHash' },
    { path: 'Patient.name', method: 'redact' },
    { path: 'Patient.birthDate', method: 'dateShift' },
  ],
  parameters: {
    cryptoHashKey: 'hash: walnut, tundra, 9 lamps',
    dateShiftKey: 'shift: pelican, ember, 4 rivers',
    dateShiftScope: 'file',
  },
}
const PATIENT = {
  resourceType: 'Patient',
  id: 'p1',
  active: true,
  name: [{ family: 'Doe' }],
  birthDate: '1970-05-17',
}
const parsed = (bytes: Uint8Array): Record<string, unknown> =>
  JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>

t.test('createAnonymizer anonymizes a line given as text or as bytes', async (t) => {
  const anonymizer = createAnonymizer(CONFIG, { asOf: '2026-11-21' })
  const line = JSON.stringify(PATIENT)
  const fromText = anonymizer.anonymize(line)
  const fromBytes = anonymizer.anonymize(Buffer.from(line))
  if (!fromText.ok || !fromBytes.ok) return t.fail('the line was rejected')
  t.same(parsed(fromText.bytes), parsed(fromBytes.bytes))
  t.match(parsed(fromText.bytes), {
    resourceType: 'Patient',
    active: true,
    id: /^[0-9a-f]{64}$/,
    name: undefined,
  })
})

t.test('the date-shift prefix decides the offset', async (t) => {
  const anonymizer = createAnonymizer(CONFIG, { asOf: '2026-11-21' })
  const birthDates = ['a.ndjson', 'b.ndjson', 'a.ndjson'].map((dateShiftPrefix) => {
    const result = anonymizer.anonymize(JSON.stringify(PATIENT), { dateShiftPrefix })
    return result.ok ? parsed(result.bytes).birthDate : undefined
  })
  t.equal(birthDates[0], birthDates[2])
  t.not(birthDates[0], birthDates[1])
})

t.test('a line that cannot be delivered is a result, not an error, and quotes nothing', async (t) => {
  const anonymizer = createAnonymizer(CONFIG)
  for (const [line, code] of [
    ['{"resourceType":"Patient","id":"CANARY"', 'INVALID_JSON'],
    ['{"resourceType":"Patient","nickname":"CANARY"}', 'UNKNOWN_ELEMENT'],
    ['{"resourceType":"Canary"}', 'UNKNOWN_RESOURCE_TYPE'],
    ['[]', 'NOT_A_RESOURCE'],
  ] as const) {
    const result = anonymizer.anonymize(line)
    t.match(result, { ok: false, code, offset: Number }, code)
    t.notMatch(JSON.stringify(result), 'CANARY')
  }
  t.ok(anonymizer.anonymize(JSON.stringify(PATIENT)).ok, 'the next line survives')
})

t.test('createAnonymizer throws every problem of a configuration at once, recognised by brand', async (t) => {
  try {
    createAnonymizer({ fhirVersion: 'R9', fhirPathRules: [{ path: 'Patient', method: 'nothing' }] })
    t.fail('it was accepted')
  } catch (error) {
    if (!isSluiceError(error)) throw error
    t.match(error, { code: 'CONFIG_INVALID', blame: 'config', retry: 'never' })
    t.equal(error.problems?.length, 2)
  }
  const withoutKeys = { ...CONFIG, parameters: {} }
  t.throws(() => createAnonymizer(withoutKeys), { code: 'KEY_MISSING' })
  t.doesNotThrow(() => createAnonymizer(withoutKeys, { allowRandomKeys: true }))
  t.throws(() => createAnonymizer(CONFIG, { asOf: '2026-13-01' }), { code: 'USAGE' })
})

t.test('custom methods can be given as functions', async (t) => {
  const mask: CustomMethod = ({ text }) => ({ json: '*'.repeat(text.length) })
  const config = { fhirVersion: 'R4', fhirPathRules: [{ path: 'Patient.name.family', method: 'MASK' }] }
  const result = createAnonymizer(config, { customMethods: { Mask: mask } }).anonymize(
    JSON.stringify(PATIENT),
  )
  t.match(result.ok && parsed(result.bytes), { name: [{ family: '***' }] })
  t.throws(() => createAnonymizer(config), { code: 'CONFIG_INVALID' })
  const baseFolder = t.testdir({ 'mask.js': 'export default () => ({ json: null })' })
  const named = { ...config, customMethods: { mask: './mask.js' } }
  t.throws(() => createAnonymizer(named, { baseFolder }), { code: 'USAGE' })
  t.doesNotThrow(() => createAnonymizer(named, { baseFolder, customMethods: { mask } }))
})

t.test('runPipeline anonymizes a folder as createAnonymizer does its lines, and reports it', async (t) => {
  const folder = t.testdir({ in: {} })
  const lines = [1, 2, 3].map((n) => JSON.stringify({ ...PATIENT, id: `p${n}` }))
  writeFileSync(join(folder, 'in', 'a.ndjson'), `${lines.join('\n')}\n{}\n`)
  let progressCount = 0
  const report = await runPipeline({
    source: join(folder, 'in'),
    sink: join(folder, 'out'),
    anonymizer: CONFIG,
    asOf: '2026-11-21',
    workers: 1,
    limits: { memoryBudgetBytes: 32 * 1024 * 1024 },
    onProgress: () => {
      progressCount++
    },
  })
  t.match(report, { lines: { read: 4, delivered: 3, quarantined: 1 }, asOf: '2026-11-21', failed: [] })
  t.ok(progressCount > 0)
  const anonymizer = createAnonymizer(CONFIG, { asOf: '2026-11-21' })
  const expected = lines.map((line) => {
    const result = anonymizer.anonymize(line, { dateShiftPrefix: 'a.ndjson' })
    return result.ok ? `${Buffer.from(result.bytes)}\n` : ''
  })
  t.equal(readFileSync(join(folder, 'out', 'a.ndjson'), 'utf8'), expected.join(''))
})

t.test('runPipeline refuses a configuration with problems before it touches anything', async (t) => {
  const nothing = { source: '/does/not/exist', sink: '/does/not/exist', anonymizer: {} }
  await t.rejects(runPipeline(nothing), { code: 'CONFIG_INVALID' })
  await t.rejects(runPipeline({ ...nothing, anonymizer: CONFIG, asOf: 'today' }), { code: 'USAGE' })
})

t.test('the package offers what its users import, by its own name', async (t) => {
  const name = 'fhir-sluice'
  const library = (await import(name)) as Record<string, unknown>
  t.same(Object.keys(library).sort(), [
    'createAnonymizer',
    'folderSink',
    'folderSource',
    'isSluiceError',
    'runPipeline',
  ])
})
