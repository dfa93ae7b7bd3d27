import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { idleRules } from '../../../src/pipeline/report/idle-rules.js'
import { NO_COUNTS } from '../../../src/pipeline/report/item-counts.js'
import { startBadServer } from '../../support/bad-fhir-server.js'
import { sluice } from '../../support/sluice.js'

const NONE = { skipped: 0, failed: 0 }
const rules = [
  'Patient.name',
  'Observation.value',
  'Resource.id',
  "nodesByType('HumanName')",
  'Resource',
].map((path, index) => ({ number: index + 1, path, method: 'redact' as const }))
const totals = { ...NO_COUNTS, delivered: 1 }

const ROWS: readonly (readonly [
  name: string,
  types: Readonly<Record<string, number>>,
  elements: Readonly<Record<string, number>>,
  idle: readonly number[],
])[] = [
  ['a rule that decided about nothing', { Patient: 1 }, { 3: 1, 4: 2 }, [1]],
  ['a rule for types that did not come is not idle', { Patient: 1 }, { 1: 1, 3: 1, 4: 1 }, []],
  ['a rule for any type is idle with any type', { Group: 1 }, {}, [3, 4]],
  ['resources in Bundles are not counted by type', { Bundle: 1 }, { 3: 1, 4: 1 }, []],
  ['without resources no rule is idle', {}, {}, []],
]

for (const [name, resourcesByType, elementsByRule, idle] of ROWS)
  t.test(name, async (t) => {
    t.same(idleRules(rules, { ...totals, resourcesByType, elementsByRule }, NONE), idle)
  })

t.test('where outputs were passed over or failed, no rule is called idle', async (t) => {
  const all = { ...totals, resourcesByType: { Patient: 1 } }
  t.same(idleRules(rules, all, { skipped: 1, failed: 0 }), [])
  t.same(idleRules(rules, all, { skipped: 0, failed: 1 }), [])
  t.same(idleRules(rules, { ...all, delivered: 0 }, NONE), [])
})

t.test('a run and its repetition end with the rules that reached nothing', async (t) => {
  const folder = t.testdir({ in: {} })
  const paths = ['Patient.nmae', 'Patient.name', 'Patient.name.family', 'Observation.value', 'Patient']
  const config = {
    fhirVersion: 'R4',
    fhirPathRules: paths.map((path) => ({ path, method: 'redact' })),
  }
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
  const line = '{"resourceType":"Patient","name":[{"family":"x"}],"gender":"male"}\n'
  writeFileSync(join(folder, 'in', 'a.ndjson'), line)
  const args = ['-i', join(folder, 'in'), '-o', join(folder, 'out'), '-c', join(folder, 'config.json')]
  const first = await sluice(['anonymize', ...args])
  t.match(first.stdout, 'rules 1, 3 reached nothing')
  t.match(JSON.parse((await sluice(['anonymize', ...args, '--json'])).stdout), { idleRules: [1, 3] })
})

t.test('run --json and export --json name the rules that reached nothing', async (t) => {
  const line = '{"resourceType":"Patient","name":[{"family":"x"}]}\n'
  const rules = ['Patient.nmae', 'Patient.name', 'Patient.telecom'].map((path) => ({
    path,
    method: 'redact',
  }))
  const cwd = t.testdir({
    'config.json': JSON.stringify({ fhirVersion: 'R4', fhirPathRules: rules }),
    'pipeline.json': JSON.stringify({
      source: { store: 'in' },
      anonymizer: { config: 'config.json' },
      sink: { store: 'lake' },
    }),
    in: { 'a.ndjson': line },
  })
  const ran = await sluice(['run', 'pipeline.json', '--json'], { cwd })
  t.match(JSON.parse(ran.stdout), { idleRules: [1, 3] })
  const { base } = await startBadServer(t, { files: { Patient: [line] } })
  const words = ['--from', base, '--to', 'out', '--poll-interval', '1', '-c', 'config.json', '--json']
  const exported = await sluice(['export', ...words], { cwd })
  t.match(JSON.parse(exported.stdout), { run: { idleRules: [1, 3] } })
})
