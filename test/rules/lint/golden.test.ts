import t from 'tap'
import { createLineAnonymizerSync } from '../../../src/anonymizer/line-anonymizer.js'
import { Output } from '../../../src/anonymizer/output.js'
import { judgeConfig } from '../../../src/config/anonymizer/configuration.js'
import { planOf } from '../../../src/config/anonymizer/plan.js'
import { elementTree } from '../../../src/fhir/elements.js'
import type { Finding } from '../../../src/rules/lint/lint.js'
import { elementAt } from '../../support/elements.js'
import { GOLDEN_FILES, goldenLines } from '../../support/golden-cases.js'
import { lintRules, type NamedRule } from '../../support/lint-rules.js'

interface GoldenCase {
  readonly id: string
  readonly config: unknown
  readonly input: unknown
}

for (const fhirVersion of ['R4', 'STU3'] as const)
  t.test(`${fhirVersion}: a rule that lint calls useless decides nothing in any golden case`, async (t) => {
    t.setTimeout(300_000)
    let uselessCount = 0
    // Many cases share their rules.
    const known = new Map<string, Finding[]>()
    const findingsOf = (rules: readonly NamedRule[]): Finding[] => {
      const key = JSON.stringify(rules)
      const findings = known.get(key) ?? lintRules(rules, elementTree(fhirVersion))
      known.set(key, findings)
      return findings
    }
    for (const line of goldenLines(GOLDEN_FILES[fhirVersion])) {
      const { id, config, input } = JSON.parse(line) as GoldenCase
      const { checked, problems } = judgeConfig(config, {
        fhirVersion,
        allowRandomKeys: true,
        allowWeakKeys: true,
      })
      if (checked === undefined) return t.fail(`${id}: ${JSON.stringify(problems)}`)
      const decided = elementsByRule(checked, JSON.stringify(input))
      for (const { rule, code, message } of findingsOf(checked.spec.rules)) {
        if (code !== 'shadowed' && code !== 'never-matches') continue
        uselessCount++
        if (elementAt(decided, rule - 1) > 0) t.fail(`${id}: rule ${rule} is ${code}: ${message}`)
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
