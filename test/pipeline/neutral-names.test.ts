import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { elementTree } from '../../src/fhir/elements.js'
import { isNeutral } from '../../src/pipeline/neutral-names.js'
import { CONFIG, run, textIn, writeFiles } from '../support/pipeline-run.js'

const config = { ...CONFIG, outputNames: 'neutral' }
const NAME = 'John_Smith_MRN424242'
const patient = (id: string): string => `{"resourceType":"Patient","id":"${id}"}\n`
const outputsIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ndjson'))
    .sort()

t.test('names of resource types and numbers are neutral, all others are not', async (t) => {
  const types = new Set(elementTree('R4').resources.keys())
  for (const name of [
    'Patient.ndjson',
    '1.Patient.ndjson',
    'Patient.000.ndjson.gz',
    'Patient-2.json.zst',
    '2026-11-21/Observation_7.ndjson',
    'deleted/Bundle.000.ndjson',
    '0001.json',
  ])
    t.ok(isNeutral(name, types), name)
  for (const name of [
    `${NAME}.ndjson`,
    `${NAME}/Patient.ndjson`,
    'Patient.Smith.ndjson',
    'patient.ndjson',
    'Patients.ndjson',
    'a.ndjson',
    'Patient.ndjson.bak',
    'Patient 1.ndjson',
  ])
    t.notOk(isNeutral(name, types), name)
})

t.test('an output has a neutral name, and nothing beside it tells the name of the input', async (t) => {
  const folder = t.testdir()
  const output = join(folder, 'out')
  const input = writeFiles(join(folder, 'in'), {
    [`${NAME}.ndjson`]: patient('a'),
    'Patient.000.ndjson': patient('b'),
  })
  const report = await run(input, output, { config })
  const [first = '', second] = outputsIn(output)
  t.equal(first, 'Patient.000.ndjson')
  t.match(second, /^item-[0-9a-f]{12}\.ndjson$/)
  t.notMatch(readFileSync(join(output, 'run.json'), 'utf8'), /Smith|424242/)
  t.match(
    report.outputs.find(({ name }) => name === second),
    { source: { name: `${NAME}.ndjson` } },
    'the report in the state says which is which',
  )
})

t.test('a name stays the same in later runs, whatever other items there are', async (t) => {
  const folder = t.testdir()
  const output = join(folder, 'out')
  const input = writeFiles(join(folder, 'in'), { 'b.ndjson': patient('b') })
  await run(input, output, { config })
  const [before = ''] = outputsIn(output)
  await run(input, output, { config })
  t.same(outputsIn(output), [before])
  writeFiles(input, { 'a.ndjson': patient('a'), 'c.ndjson': patient('c') })
  await run(input, output, { config })
  t.equal(outputsIn(output).length, 3)
  t.match(textIn(output, before), /Patient/)
  rmSync(`${output}.sluice`, { recursive: true })
  rmSync(output, { recursive: true })
  mkdirSync(output)
  await run(input, output, { config })
  t.notOk(outputsIn(output).includes(before), 'names cannot be computed without the state')
})
