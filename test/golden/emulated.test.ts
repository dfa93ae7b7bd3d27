import t from 'tap'
import { type Difference, differences } from '../support/compare.js'
import { emulate, RuleFailure } from '../support/emulator.js'
import { NotSpoken, ruleType } from '../support/emulator-paths.js'
import { readSpecTree, type SpecTree } from '../support/emulator-tree.js'
import { ENGINES, engineForSync, textOf } from '../support/engines.js'
import { Findings } from '../support/findings.js'
import { GOLDEN_FILES, type GoldenFile, goldenLines } from '../support/golden-cases.js'
import { fuzzSeconds, type Random, seededRandom } from '../support/random.js'
import { rawMember } from '../support/raw-json.js'
import type { Json } from '../support/rules.js'
import { skipWithoutShared } from '../support/shared.js'
import { GOLDEN_DAY, specOf } from '../support/spec-of.js'

interface Golden {
  readonly id: string
  readonly config: Json
  readonly line: string
  readonly output: unknown
  readonly prefix: string
}

const readCases = (file: GoldenFile): Golden[] =>
  goldenLines(file).map((text) => {
    const { id, config, output, prefix } = JSON.parse(text) as Golden
    return { id, config, output, prefix: prefix ?? '', line: rawMember(text, 'input') ?? '' }
  })

for (const [version, file] of Object.entries(GOLDEN_FILES)) {
  const skip = skipWithoutShared(`spec/elements-${version.toLowerCase()}.json.gz`)

  t.test(
    `${version}: the emulator, a second reading of the law, decides the golden cases`,
    { skip },
    async (t) => {
      const spec = readSpecTree(version)
      const findings = new Findings()
      for (const { id, config, line, output, prefix } of readCases(file)) {
        const emulated = emulation(spec, config, line, prefix)
        if (emulated !== 'not spoken') findings.add(id, differencesOf(output, emulated))
      }
      console.log(`# golden: ${version} emulated: ${findings.equal} equal of ${findings.total}`)
      t.ok(findings.total > 300, 'most cases are spoken')
      t.equal(findings.different, 0, 'none differs', { causes: findings.report() })
    },
  )

  t.test(
    `${version}: new mixes of golden rules and inputs come out as the emulator says, by both engines`,
    { skip },
    async (t) => {
      const random = seededRandom(`emulated ${version}`)
      const spec = readSpecTree(version)
      const cases = readCases(file)
      const findings = new Findings()
      const end = Date.now() + fuzzSeconds() * 250
      while (Date.now() < end && findings.different < 5) {
        const { id, line, prefix } = random.pick(cases)
        const config = mixedConfig(random, cases, line)
        const emulated = emulation(spec, config, line, prefix)
        if (emulated === 'not spoken') continue
        for (const choice of ENGINES) {
          const outcome = engineForSync(specOf(config), choice).run(line, prefix)
          const actual = outcome.ok ? (JSON.parse(textOf(outcome.latin1)) as Json) : outcome.rejection.code
          const found = differencesOf(emulated, actual)
          if (found.length > 0) console.log(`# wrong: ${choice} ${id}: ${JSON.stringify(config)}`)
          findings.add(`${id} ${choice}`, found)
        }
      }
      console.log(`# fuzz: emulated ${version}: ${findings.equal} equal of ${findings.total}`)
      t.ok(findings.total > 0, 'mixes were tried')
      t.equal(findings.different, 0, `SLUICE_SEED=${random.seed} repeats it`, { causes: findings.report() })
    },
  )
}

/** The output, the code where a rule fails, or that it is not spoken. */
function emulation(spec: SpecTree, config: Json, line: string, prefix: string): Json | string {
  try {
    return emulate(spec, { config, line, prefix, asOf: GOLDEN_DAY })
  } catch (error) {
    if (error instanceof NotSpoken) return 'not spoken'
    if (error instanceof RuleFailure) return 'RULE_FAILED'
    throw error
  }
}

function differencesOf(expected: unknown, actual: unknown): Difference[] {
  if (typeof expected !== 'string' && typeof actual !== 'string') return differences(expected, actual)
  return expected === actual ? [] : [{ path: '(outcome)', expected, actual }]
}

/** Up to eight rules of any golden cases that apply to the resource or those in it, with the parameters of one. */
function mixedConfig(random: Random, cases: readonly Golden[], line: string): Json {
  const types = new Set([...line.matchAll(/"resourceType":"(\w+)"/g)].map(([, type]) => type))
  const rules: Json[] = []
  for (let tries = 0; tries < 400 && rules.length < 8; tries++) {
    const rule = random.pick(random.pick(cases).config.fhirPathRules as Json[])
    const type = ruleType(String(rule.path))
    // Rules of the resource's own type are rare among all of them: they go first to have an effect.
    if (types.has(type)) rules.unshift(rule)
    else if (['', 'Resource', 'DomainResource'].includes(type) && random.chance(0.02)) rules.push(rule)
  }
  const { config } = random.pick(cases)
  return { ...config, fhirPathRules: rules.length === 0 ? [{ path: 'Resource', method: 'redact' }] : rules }
}
