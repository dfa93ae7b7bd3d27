import { readdirSync } from 'node:fs'
import t from 'tap'
import { differences } from '../support/compare.js'
import { elementAt } from '../support/elements.js'
import { ENGINES, engineFor, textOf } from '../support/engines.js'
import { Findings } from '../support/findings.js'
import { readShared, sharedLines, sharedPath, skipWithoutShared } from '../support/shared.js'
import { specOf } from '../support/spec-of.js'

const SETS = [
  { name: 'r4-synthea', config: 'golden/r4-sample-config.json' },
  { name: 'stu3-synthea', config: 'golden/stu3-sample-config.json' },
] as const

for (const { name, config } of SETS)
  for (const choice of ENGINES) {
    const skip = skipWithoutShared(`golden/${name}`, `data/${name}`, config)
    t.test(
      `${name} with the sample configuration: same as the original, ${choice} engine`,
      { skip },
      async (t) => {
        const engine = await engineFor(specOf(JSON.parse(readShared(config))), choice)
        const findings = new Findings()
        for (const file of readdirSync(sharedPath(`golden/${name}`)).sort()) {
          const inputs = sharedLines(`data/${name}/${file}`)
          const outputs = sharedLines(`golden/${name}/${file}`)
          if (inputs.length !== outputs.length) t.fail(`${file} has another number of lines`)
          inputs.forEach((input, k) => {
            const outcome = engine.run(input)
            const found = outcome.ok
              ? differences(JSON.parse(elementAt(outputs, k)), JSON.parse(textOf(outcome.latin1)))
              : [
                  {
                    path: `(${outcome.rejection.code})`,
                    expected: 'accepted',
                    actual: outcome.rejection.message,
                  },
                ]
            findings.add(`${file}:${k + 1}`, found)
          })
        }
        console.log(
          `# golden: ${name} ${choice}: ${findings.equal} equal, ${findings.different} different, of ${findings.total}`,
        )
        t.ok(findings.total > 0, 'there are lines')
        t.equal(findings.different, 0, 'no line differs', { causes: findings.report() })
      },
    )
  }
