// Holds src/pipeline/run.ts, src/pipeline/shared-resources.ts, src/pipeline/lifecycle/run-start.ts,
// src/pipeline/lifecycle/run-end.ts,
// src/pipeline/lifecycle/run-facts.ts.

import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createAnonymizer, runPipeline } from '../src/index.js'
import { differences } from './support/compare.js'
import { elementAt, firstOf } from './support/elements.js'
import { sharedLines, skipWithoutShared } from './support/shared.js'
import { startSluice } from './support/sluice.js'

// Promises of the README whose whole way through the program is short; the others are carried by the fault tests.

const KEY = 'quiet pelican 47'
const CONFIG = {
  fhirVersion: 'R4',
  fhirPathRules: [
    { path: 'Resource.id', method: 'cryptoHash' },
    { path: 'Patient.name', method: 'encrypt' },
    { path: 'Patient.birthDate', method: 'dateShift' },
    { path: 'Patient.multipleBirth', method: 'perturb', span: 10, roundTo: 0 },
  ],
  parameters: {
    cryptoHashKey: 'promise hash: otter, maple, 17',
    encryptKey: KEY,
    dateShiftKey: 'promise shift: heron, birch, 23',
  },
}
const patient = (n: number): string =>
  JSON.stringify({
    resourceType: 'Patient',
    id: `p${n}`,
    name: [{ family: 'Same', given: ['Same'] }],
    birthDate: '1970-05-17',
    multipleBirthInteger: 5,
  })
const PATIENTS = Array.from({ length: 500 }, (_, n) => patient(n))

t.test('Deterministic: the same bytes for one and for three workers, small and large chunks', async (t) => {
  const outputs: string[] = []
  for (const [name, workers, chunkBytes] of [
    ['one', 1, undefined],
    ['three', 3, undefined],
    ['small', 2, 4096],
  ] as const) {
    const folder = t.testdir()
    mkdirSync(join(folder, name, 'in'), { recursive: true })
    writeFileSync(join(folder, name, 'in', 'a.ndjson'), PATIENTS.join('\n'))
    const [source, sink] = [join(folder, name, 'in'), join(folder, name, 'out')]
    const limits = { chunkBytes, memoryBudgetBytes: 64 * 2 ** 20 }
    await runPipeline({ source, sink, anonymizer: CONFIG, asOf: '2026-11-21', workers, limits })
    outputs.push(readFileSync(join(sink, 'a.ndjson'), 'utf8'))
  }
  t.equal(firstOf(outputs).trim().split('\n').length, PATIENTS.length)
  for (const output of outputs) t.ok(output === outputs[0])
  const births = new Set(firstOf(outputs).match(/"multipleBirthInteger":-?\d+/g))
  t.ok(births.size > 3, 'the noise differs from place to place')
})

const SLOW_METHOD = `
const cell = new Int32Array(new SharedArrayBuffer(4))
export default () => {
  Atomics.wait(cell, 0, 0, 10)
  return { json: undefined }
}`

t.test('One source version: a file that changes while it is read is an error, not a mixture', async (t) => {
  const rules = [{ path: 'Patient.birthDate', method: 'wait' }]
  const config = { fhirVersion: 'R4', fhirPathRules: rules, customMethods: { wait: './wait.mjs' } }
  const cwd = t.testdir({ in: {}, 'wait.mjs': SLOW_METHOD, 'config.json': JSON.stringify(config) })
  writeFileSync(join(cwd, 'in', 'a.ndjson'), `${patient(0)}\n`)
  writeFileSync(join(cwd, 'in', 'b.ndjson'), `${PATIENTS.join('\n')}\n`)
  const words = ['anonymize', '-i', 'in', '-o', 'out', '-c', 'config.json', '--workers', '1']
  const running = startSluice(words, { cwd })
  await running.saw('"run.started"')
  appendFileSync(join(cwd, 'in', 'b.ndjson'), `${patient(1)}\n`)
  const { exitCode, stdout } = await running.finished
  t.equal(exitCode, 3)
  t.match(stdout, 'b.ndjson: SOURCE_CHANGED')
  t.ok(existsSync(join(cwd, 'out', 'a.ndjson')), 'the other file is not concerned')
  t.notOk(existsSync(join(cwd, 'out', 'b.ndjson')))
})

const NOT_UNDERSTOOD: readonly (readonly [string, string | Uint8Array])[] = [
  ['an unknown element', '{"resourceType":"Patient","nick":"CANARY"}'],
  [
    'an unknown element deep inside',
    '{"resourceType":"Patient","contact":[{"gender":"male","x":{"y":"CANARY"}}]}',
  ],
  [
    'an unknown element of a contained resource',
    '{"resourceType":"Patient","contained":[{"resourceType":"Group","x":1}]}',
  ],
  ['an object where text stands', '{"resourceType":"Patient","gender":{"value":"CANARY"}}'],
  ['text where an object stands', '{"resourceType":"Patient","maritalStatus":"CANARY"}'],
  ['a key given twice', '{"resourceType":"Patient","gender":"male","gender":"CANARY"}'],
  [
    'a key given twice in two spellings',
    '{"resourceType":"Patient","gender":"male","g\\u0065nder":"CANARY"}',
  ],
  ['invalid UTF-8', Buffer.from('{"resourceType":"Patient","gender":"\u00ff"}', 'latin1')],
  ['no JSON', '{"resourceType":"Patient","gender":"CANARY"'],
  ['text after the end', '{"resourceType":"Patient"} CANARY'],
  ['an unknown resource type', '{"resourceType":"Pateint","name":"CANARY"}'],
  ['no resource', '{"name":"CANARY"}'],
  ['a choice of a type that is not allowed', '{"resourceType":"Patient","deceasedString":"CANARY"}'],
]

for (const [name, line] of NOT_UNDERSTOOD)
  t.test(`Fail closed: what Sluice does not understand never passes through: ${name}`, async (t) => {
    const result = createAnonymizer({ fhirVersion: 'R4', fhirPathRules: [] }).anonymize(line)
    t.equal(result.ok, false)
    t.notMatch(JSON.stringify(result), 'CANARY')
  })

const [CONFIG_FILE, INPUT, OUTPUT] = [
  'golden/r4-sample-config.json',
  'data/r4-synthea/1.Patient.ndjson.gz',
  'golden/r4-synthea/1.Patient.ndjson.gz',
]
t.test(
  'Compatible: an existing Microsoft configuration gives the same resources',
  { skip: skipWithoutShared(CONFIG_FILE, INPUT, OUTPUT) },
  async (t) => {
    const config = JSON.parse(sharedLines(CONFIG_FILE).join('\n')) as object
    const anonymizer = createAnonymizer(config, { asOf: '2026-11-21', allowWeakKeys: true })
    const expected = sharedLines(OUTPUT)
    const found = sharedLines(INPUT).flatMap((line, index): unknown[] => {
      const result = anonymizer.anonymize(line)
      if (!result.ok) return [result.message]
      return differences(
        JSON.parse(elementAt(expected, index)),
        JSON.parse(Buffer.from(result.bytes).toString()),
      )
    })
    t.ok(expected.length > 0)
    t.same(found, [])
  },
)
