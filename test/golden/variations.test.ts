import t from 'tap'
import { differences } from '../support/compare.js'
import { ENGINES, engineForSync, textOf } from '../support/engines.js'
import { Findings } from '../support/findings.js'
import { GOLDEN_FILES, goldenLines } from '../support/golden-cases.js'
import { seededRandom } from '../support/random.js'
import { rawMember } from '../support/raw-json.js'
import { type Respelling, respelled } from '../support/respell.js'
import { specOf } from '../support/spec-of.js'

// What is first among members of different names depends on their order, in the original as well.
const BY_ORDER = /\b(first|last|take|skip|tail|single)\(|\[\d+\]/

const VARIATIONS: readonly (readonly [name: string, how: Respelling, always: boolean])[] = [
  ['white space between all tokens', { spaces: true }, true],
  ['escapes in keys and strings', { escapes: true }, true],
  ['members in another order', { order: true }, false],
  ['all of it at once', { order: true, spaces: true, escapes: true }, false],
]

for (const file of Object.values(GOLDEN_FILES))
  for (const [name, how, always] of VARIATIONS)
    t.test(`${file} is the same with ${name}`, async (t) => {
      const random = seededRandom(`${file}, ${name}`)
      const findings = new Findings()
      for (const line of goldenLines(file)) {
        const { id, output, prefix } = JSON.parse(line) as { id: string; output: unknown; prefix?: string }
        const config = rawMember(line, 'config') ?? ''
        if (!always && BY_ORDER.test(config)) continue
        const input = respelled(random, rawMember(line, 'input') ?? '', how)
        for (const choice of ENGINES) {
          const outcome = engineForSync(specOf(config), choice).run(input, prefix ?? '')
          const found = outcome.ok
            ? differences(output, JSON.parse(textOf(outcome.latin1)))
            : [
                {
                  path: `(${outcome.rejection.code})`,
                  expected: 'accepted',
                  actual: outcome.rejection.message,
                },
              ]
          findings.add(`${id} ${choice}`, found)
        }
      }
      const { equal, total } = findings
      console.log(`# golden: ${file}, ${name}: ${equal} equal of ${total}`)
      t.ok(total > 0, 'there are cases')
      t.equal(findings.different, 0, 'no case differs', { causes: findings.report() })
    })
