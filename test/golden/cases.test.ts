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
  t.test(`${file}: same as the original`, async (t) => {
    for (const [engine, findings] of await runCases(file)) {
      console.log(
        `# golden: ${file} ${engine}: ${findings.equal} equal, ${findings.different} different, of ${findings.total}`,
      )
      t.ok(findings.total > 0, `there are cases for the ${engine} engine`)
      t.equal(findings.different, 0, `no case differs with the ${engine} engine`, {
        causes: findings.report(),
      })
    }
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

async function runCases(file: GoldenFile): Promise<ReadonlyMap<EngineChoice, Findings>> {
  const findings = new Map(ENGINES.map((choice) => [choice, new Findings()]))
  for (const line of goldenLines(file)) {
    const golden = JSON.parse(line) as GoldenCase
    const spec = specOf(rawMember(line, 'config'))
    // The input as it is written: a parser would lose the text of its numbers.
    const input = rawMember(line, 'input') ?? ''
    for (const choice of ENGINES) {
      const outcome = (await engineFor(spec, choice)).run(input, golden.prefix ?? '')
      const found = outcome.ok
        ? differences(golden.output, JSON.parse(textOf(outcome.latin1)))
        : [{ path: `(${outcome.rejection.code})`, expected: 'accepted', actual: outcome.rejection.message }]
      findings.get(choice)?.add(golden.id, found)
    }
  }
  return findings
}
