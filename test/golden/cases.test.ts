import t from 'tap'
import { createAnonymizer } from '../../src/index.js'
import { differences } from '../support/compare.js'
import { ENGINES, type EngineChoice, engineFor, textOf } from '../support/engines.js'
import { Findings } from '../support/findings.js'
import { GOLDEN_FILES, type GoldenFile, goldenLines } from '../support/golden-cases.js'
import { rawMember } from '../support/raw-json.js'
import { GOLDEN_DAY, specOf } from '../support/spec-of.js'

interface GoldenCase {
  readonly id: string
  readonly output: unknown
  readonly prefix?: string | null
}

for (const file of Object.values(GOLDEN_FILES))
  for (const engine of ENGINES)
    t.test(`${file}: same as the original, ${engine} engine`, async (t) => {
      const findings = await runCases(file, engine)
      console.log(
        `# golden: ${file} ${engine}: ${findings.equal} equal, ${findings.different} different, of ${findings.total}`,
      )
      t.ok(findings.total > 0, 'there are cases')
      t.equal(findings.different, 0, 'no case differs', { causes: findings.report() })
    })

t.test('the library accepts every configuration of the cases and gives the outputs', async (t) => {
  for (const file of Object.values(GOLDEN_FILES))
    for (const line of goldenLines(file)) {
      const { id, config, output, prefix } = JSON.parse(line) as GoldenCase & { config: object }
      const result = createAnonymizer(config, { asOf: GOLDEN_DAY }).anonymize(
        rawMember(line, 'input') ?? '',
        {
          dateShiftPrefix: prefix ?? '',
        },
      )
      if (!result.ok || differences(output, JSON.parse(Buffer.from(result.bytes).toString())).length > 0)
        t.fail(id)
    }
})

async function runCases(file: GoldenFile, choice: EngineChoice): Promise<Findings> {
  const findings = new Findings()
  for (const line of goldenLines(file)) {
    const golden = JSON.parse(line) as GoldenCase
    const engine = await engineFor(specOf(rawMember(line, 'config')), choice)
    // The input as it is written: a parser would lose the text of its numbers.
    const outcome = engine.run(rawMember(line, 'input') ?? '', golden.prefix ?? '')
    const found = outcome.ok
      ? differences(golden.output, JSON.parse(textOf(outcome.latin1)))
      : [{ path: `(${outcome.rejection.code})`, expected: 'accepted', actual: outcome.rejection.message }]
    findings.add(golden.id, found)
  }
  return findings
}
