import t from 'tap'
import { createLineAnonymizerSync } from '../../src/anonymizer/line-anonymizer.js'
import { Output } from '../../src/anonymizer/output.js'
import { judgeConfig } from '../../src/config/anonymizer-config.js'
import { planOf } from '../../src/config/plan.js'
import { elementTree } from '../../src/fhir/elements.js'
import { lintRules } from '../../src/rules/lint.js'
import { GOLDEN_FILES, goldenLines } from '../support/golden-cases.js'

interface GoldenCase {
  readonly id: string
  readonly config: unknown
  readonly input: unknown
}

for (const fhirVersion of ['R4', 'STU3'] as const)
  t.test(`${fhirVersion}: a rule that lint calls useless decides nothing in any golden case`, async (t) => {
    let uselessCount = 0
    for (const line of goldenLines(GOLDEN_FILES[fhirVersion])) {
      const { id, config, input } = JSON.parse(line) as GoldenCase
      const { checked, problems } = judgeConfig(config, { fhirVersion, allowRandomKeys: true })
      if (checked === undefined) return t.fail(`${id}: ${JSON.stringify(problems)}`)
      const decided = elementsByRule(checked, JSON.stringify(input))
      for (const { rule, code, message } of lintRules(checked.spec.rules, elementTree(fhirVersion))) {
        if (code !== 'shadowed' && code !== 'never-matches') continue
        uselessCount++
        if (decided[rule - 1] > 0) t.fail(`${id}: rule ${rule} is ${code}: ${message}`)
      }
    }
    t.ok(uselessCount > 0, `${uselessCount} useless rules`)
  })

function elementsByRule(checked: Parameters<typeof planOf>[0], line: string): Float64Array {
  const plan = planOf(checked, '2026-11-21')
  const anonymizer = createLineAnonymizerSync(plan.settle(plan.newRunSecrets()))
  const bytes = Buffer.from(line)
  const context = { item: '', record: 0, baseOffset: 0, dateShiftPrefix: '' }
  anonymizer.anonymizeLine(bytes, { start: 0, end: bytes.length }, context, new Output())
  return anonymizer.counts.elementsByRule
}
