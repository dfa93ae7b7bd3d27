import t from 'tap'
import { present } from '../../src/invariant.js'
import { type Difference, differences } from '../support/compare.js'
import { ENGINES, type Engine, engineForSync, textOf } from '../support/engines.js'
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

interface GoldenCase {
  readonly id: string
  readonly output: unknown
  readonly prefix?: string
}

for (const file of Object.values(GOLDEN_FILES))
  t.test(`${file} is the same in other spellings`, async (t) => {
    const findings = new Map(VARIATIONS.map(([name]) => [name, new Findings()]))
    const randoms = new Map(VARIATIONS.map(([name]) => [name, seededRandom(`${file}, ${name}`)]))
    for (const line of goldenLines(file)) {
      const golden = JSON.parse(line) as GoldenCase
      const config = rawMember(line, 'config') ?? ''
      const input = rawMember(line, 'input') ?? ''
      const spec = specOf(config)
      const engines = ENGINES.map((choice) => ({ choice, engine: engineForSync(spec, choice) }))
      for (const [name, how, always] of VARIATIONS) {
        if (!always && BY_ORDER.test(config)) continue
        const spelled = respelled(present(randoms.get(name), 'a source of randomness'), input, how)
        for (const { choice, engine } of engines)
          findings.get(name)?.add(`${golden.id} ${choice}`, differencesOf(engine, spelled, golden))
      }
    }
    for (const [name, found] of findings) {
      console.log(`# golden: ${file}, ${name}: ${found.equal} equal of ${found.total}`)
      t.ok(found.total > 0, `there are cases with ${name}`)
      t.equal(found.different, 0, `no case differs with ${name}`, { causes: found.report() })
    }
  })

function differencesOf(engine: Engine, input: string, { output, prefix }: GoldenCase): readonly Difference[] {
  const outcome = engine.run(input, prefix ?? '')
  return outcome.ok
    ? differences(output, JSON.parse(textOf(outcome.latin1)))
    : [{ path: `(${outcome.rejection.code})`, expected: 'accepted', actual: outcome.rejection.message }]
}
