// Holds src/rules/explain/element-fates.ts, src/rules/explain/claims.ts, src/rules/explain/conditions.ts, src/rules/explain/outcomes.ts,
// src/rules/explain/leaves.ts, src/rules/explain/extension-outcomes.ts, src/rules/explain/template-part.ts,
// src/rules/explain/result.ts, src/anonymizer/methods/trial.ts, src/config/anonymizer/explained-config.ts.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { AnonymizerSpec } from '../../../src/anonymizer/spec.js'
import { checkConfig } from '../../../src/config/anonymizer/configuration.js'
import { readConfigFile } from '../../../src/config/anonymizer/configuration-file.js'
import { planOf } from '../../../src/config/anonymizer/plan.js'
import { isSluiceError } from '../../../src/errors.js'
import { elementTree } from '../../../src/fhir/elements.js'
import { FHIR_VERSIONS } from '../../../src/fhir/version.js'
import { engineForSync } from '../../support/engines.js'
import { ExplainedRun, keysOfLeaves } from '../../support/explained.js'
import { seededRandom } from '../../support/random.js'
import { METHODS, randomConfig } from '../../support/random-config.js'
import { projectRoot, sharedPath } from '../../support/shared.js'
import { specOf } from '../../support/spec-of.js'

/** The whole form takes every resource type and many random configurations. */
const IS_WHOLE = process.env.SLUICE_EXPLAIN === 'whole'
const EACH = IS_WHOLE ? 1 : 12
const RANDOM_COUNT = IS_WHOLE ? 2_000 : 40

const KEYS = { cryptoHashKey: 'a key for hashes', dateShiftKey: 'a key for dates' }
const DAY = '2026-11-21'

async function specAt(file: string): Promise<AnonymizerSpec> {
  const checked = checkConfig(await readConfigFile(file), { allowWeakKeys: true, allowRandomKeys: true })
  return planOf(checked, DAY).settle({ asOf: DAY, keys: KEYS })
}

const configs = readdirSync(join(projectRoot, 'configs'))
  .filter((name) => /-(?:r4b?|stu3|r5)\.json$/.test(name))
  .map((name) => join(projectRoot, 'configs', name))
const samples = ['r4-sample-config.json', 'stu3-sample-config.json']
  .map((name) => sharedPath(`golden/${name}`))
  .filter((file) => existsSync(file) || console.log(`# skipped: ${file} is absent`))

for (const file of [...configs, ...samples])
  t.test(`each leaf meets the fate that is explained: ${file.replace(/.*\//, '')}`, async (t) => {
    const spec = await specAt(file)
    const run = new ExplainedRun(spec, engineForSync(spec, 'automatic'))
    const types = [...run.tree.resources.values()]
    types.forEach((type, number) => {
      if (number % EACH === 0 || /^(?:Patient|Observation|Bundle)$/.test(type.name)) run.compare(type)
    })
    t.strictSame(run.disagreements.slice(0, 5), [])
    t.ok(run.compared > 40_000 / EACH / 2, `${run.compared} leaves compared, ${run.kept} values kept`)
    t.ok(run.conditional < run.compared / 8, `${run.conditional} leaves depend on the data`)
  })

t.test('every primitive of the element tree is among the leaves', async (t) => {
  for (const version of FHIR_VERSIONS) {
    const spec = specOf({ fhirVersion: version, fhirPathRules: [] })
    const run = new ExplainedRun(spec, engineForSync(spec, 'interpreter'))
    const types = [...run.tree.resources.values()].filter((_, number) => number % EACH === 0)
    for (const type of types) {
      const leaves = run.leavesOf(type).map(({ members }) => members.map(({ key }) => key).join('.'))
      t.strictSame(
        leaves.filter((leaf) => !leaf.startsWith('_')).sort(),
        [...keysOfLeaves(type)].sort(),
        `${version} ${type.name}`,
      )
    }
  }
})

t.test('a condition after a type is shown', async (t) => {
  const path = "Observation.value.ofType(Quantity).where(code = 'kg').value"
  const spec = specOf({
    fhirVersion: 'R4',
    fhirPathRules: [
      { path, method: 'keep' },
      { path: 'Resource', method: 'redact' },
    ],
  })
  const run = new ExplainedRun(spec, engineForSync(spec, 'automatic'))
  const type = run.tree.resources.get('Observation')
  const leaves = type === undefined ? [] : run.leavesOf(type)
  const found = leaves.find((leaf) => leaf.path === 'Observation.value.ofType(Quantity).value')
  t.match(found?.outcomes, [
    { rule: { number: 1 }, result: 'kept', isSure: false },
    { rule: { number: 2 }, result: 'removed', isSure: true },
  ])
})

t.test('templates write what they hold and remove the rest', async (t) => {
  const spec = specOf({
    fhirVersion: 'R4',
    fhirPathRules: [
      { path: 'Patient.name.given', method: 'keep' },
      { path: 'Patient.name', method: 'substitute', replaceWith: { family: 'X', period: { start: '2000' } } },
      { path: 'Patient.address', method: 'substitute', replaceWith: null },
      { path: 'Patient.birthDate', method: 'substitute', replaceWith: '2000' },
      { path: 'Patient.contact', method: 'substitute', replaceWith: {} },
    ],
  })
  const run = new ExplainedRun(spec, engineForSync(spec, 'automatic'))
  const type = run.tree.resources.get('Patient')
  if (type !== undefined) run.compare(type)
  t.strictSame(run.disagreements, [])
  t.ok(run.compared > 100)
})

// A template may write again what an earlier rule removed, which explanations do not follow: it has a test of its own.
const EXPLAINED = METHODS.filter((method) => method !== 'substitute')

t.test('random configurations: each leaf meets one of the fates that are explained', async (t) => {
  const random = seededRandom('explain agrees')
  let compared = 0
  let conditional = 0
  let failed = 0
  const wrong: string[] = []
  for (let number = 0; number < RANDOM_COUNT && wrong.length < 3; number++) {
    const tree = elementTree(random.pick(FHIR_VERSIONS))
    const types = random.shuffled([...tree.resources.keys()]).slice(0, 2)
    const kind = random.pick(['plain', 'plain', 'criteria', 'any'] as const)
    const config = randomConfig(random, tree, { types, kind, methods: EXPLAINED })
    try {
      const spec = specOf({ ...config, processingErrors: 'raise' })
      const run = new ExplainedRun(spec, engineForSync(spec, 'automatic'))
      for (const name of types) {
        const type = tree.resources.get(name)
        if (type !== undefined) run.compare(type, { mayFail: kind !== 'plain' })
      }
      compared += run.compared
      conditional += run.conditional
      failed += run.failed
      for (const found of run.disagreements.slice(0, 1))
        wrong.push(`${JSON.stringify(found)} ${JSON.stringify(config)}`)
    } catch (error) {
      if (!isSluiceError(error) || error.code !== 'CONFIG_INVALID') throw error
    }
  }
  for (const finding of wrong) console.log(`# wrong: ${finding}`)
  t.equal(wrong.length, 0, `SLUICE_SEED=${random.seed} repeats it`)
  t.ok(compared > 5_000, `${compared} leaves, ${conditional} depend on the data; ${failed} lines failed`)
})
