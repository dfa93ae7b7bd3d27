import t from 'tap'
import { elementTree } from '../../src/fhir/elements.js'
import { AcceptanceOracle, type Verdict } from '../support/acceptance-oracle.js'
import { differences } from '../support/compare.js'
import { firstOf } from '../support/elements.js'
import { ENGINES, type EngineChoice, engineFor, type Outcome, textOf } from '../support/engines.js'
import { mutated } from '../support/mutate.js'
import { fuzzSeconds, type Random, seededRandom } from '../support/random.js'
import { randomResource } from '../support/random-resource.js'
import { readShared, sharedLines, skipWithoutShared } from '../support/shared.js'
import { shrunkLine } from '../support/shrink.js'
import { specOf } from '../support/spec-of.js'
import { withoutEmpty } from '../support/without-empty.js'

const LINES = {
  R4: ['data/r4-us-core/Patient.ndjson.gz', 'data/r4-synthea/1.ExplanationOfBenefit.ndjson.gz'],
  STU3: ['data/stu3-synthea/Patient.ndjson.gz', 'data/stu3-synthea/Claim.ndjson.gz'],
} as const
type Version = keyof typeof LINES

const configOf = (version: Version): string => `golden/${version.toLowerCase()}-sample-config.json`

for (const version of ['R4', 'STU3'] as const) {
  const elements = `spec/elements-${version.toLowerCase()}.json.gz`
  const skip = skipWithoutShared(configOf(version), elements, ...LINES[version])
  t.test(
    `${version}: a line is accepted exactly if law 2.2 says so, by both engines`,
    { skip },
    async (t) => {
      const random = seededRandom(`acceptance ${version}`)
      const { counts, wrong } = await fuzz(version, random)
      const total = Object.values(counts).reduce((a, b) => a + b)
      console.log(
        `# fuzz: acceptance ${version}: ${total} lines through both engines: ${JSON.stringify(counts)}`,
      )
      t.ok(counts.accepted > 0 && counts.bytes > 0 && counts.structure > 0, 'lines of every kind were tried')
      for (const problem of wrong) console.log(`# wrong: ${problem}`)
      t.equal(wrong.length, 0, `SLUICE_SEED=${random.seed} repeats it`)
    },
  )
}

interface Found {
  readonly counts: Record<Verdict, number>
  /** What is wrong, with the smallest line that shows it. */
  readonly wrong: readonly string[]
}

async function fuzz(version: Version, random: Random): Promise<Found> {
  const judges = await Promise.all(ENGINES.map((choice) => judgeOf(version, choice)))
  const oracle = new AcceptanceOracle(version)
  const tree = elementTree(version)
  const real = LINES[version].flatMap((file) =>
    sharedLines(file)
      .filter((line) => line.length < 6000)
      .slice(0, 40),
  )
  const counts: Record<Verdict, number> = { accepted: 0, bytes: 0, structure: 0, open: 0 }
  const wrong = new Map<string, string>()
  // Half of the time for each version.
  const end = Date.now() + fuzzSeconds() * 500
  while (Date.now() < end && wrong.size < 5) {
    const base = random.chance(0.3)
      ? random.pick(real)
      : randomResource(random, tree, { elementCount: random.between(2, 20), faults: 0.1 })
    const { line, after } = lineOf(random, base)
    counts[oracle.judge(line)]++
    for (const judge of judges) {
      const problem = judge(line, after, oracle)
      if (problem === undefined || wrong.has(kindOf(problem))) continue
      const same = (other: Buffer): boolean => kindOf(judge(other, after, oracle) ?? '') === kindOf(problem)
      wrong.set(kindOf(problem), `${problem}: ${show(shrunkLine(line, same))}`)
      break
    }
  }
  return { counts, wrong: [...wrong.values()] }
}

/** As it is; cut, with the rest behind it as in a slab that was used before; or with something changed. */
function lineOf(random: Random, base: string): { line: Buffer; after?: Buffer } {
  const line = Buffer.from(base)
  if (random.chance(0.1)) return { line }
  if (random.chance(0.85)) return { line: mutated(random, base) }
  const cut = random.below(line.length)
  return { line: line.subarray(0, cut), after: line.subarray(cut) }
}

/** Tells what is wrong with an engine's treatment of a line, without rules and with the sample's. */
async function judgeOf(version: Version, choice: EngineChoice) {
  const plain = await engineFor(specOf({ fhirVersion: version, fhirPathRules: [] }), choice)
  const sample = await engineFor(specOf(readShared(configOf(version))), choice)
  return (line: Buffer, after: Buffer | undefined, oracle: AcceptanceOracle): string | undefined => {
    const verdict = oracle.judge(line)
    const problem =
      problemUntouched(line, verdict, plain.run(line, '', 0, after)) ??
      problemWithRules(verdict, sample.run(line, '', 0, after))
    return problem === undefined ? undefined : `${choice}: ${problem}`
  }
}

/** Problems that differ in offsets and places only are one. */
const kindOf = (problem: string): string => problem.replace(/^\w+: |\d+|changed at .*/g, '#')

/** Without rules nothing but empty values is dropped and nothing changes. */
function problemUntouched(line: Buffer, verdict: Verdict, outcome: Outcome): string | undefined {
  if (!outcome.ok && outcome.rejection.code === 'THREW') return outcome.rejection.message
  if (verdict === 'open') return undefined
  if (outcome.ok !== (verdict === 'accepted'))
    return outcome.ok
      ? `accepted, though ${verdict}`
      : `rejected (${outcome.rejection.code}), though accepted`
  if (!outcome.ok) {
    const { offset } = outcome.rejection
    return offset >= 0 && offset <= line.length ? undefined : `offset ${offset} is outside the line`
  }
  const found = differences(withoutEmpty(JSON.parse(line.toString())), JSON.parse(textOf(outcome.latin1)))
  return found.length === 0 ? undefined : `changed at ${firstOf(found).path}`
}

/** Rules may drop what is of a wrong structure, but heal no bytes and break no good line. */
function problemWithRules(verdict: Verdict, outcome: Outcome): string | undefined {
  if (!outcome.ok && outcome.rejection.code === 'THREW') return outcome.rejection.message
  if (verdict === 'bytes' && outcome.ok) return 'accepted with rules, though bytes'
  if (verdict === 'accepted' && !outcome.ok)
    return `rejected (${outcome.rejection.code}) with rules, though accepted`
  if (!outcome.ok) return undefined
  try {
    JSON.parse(textOf(outcome.latin1))
    return undefined
  } catch {
    return 'the output is no JSON'
  }
}

/** Synthetic data, so it may be printed; invalid UTF-8 as escapes. */
const show = (line: Buffer): string =>
  line.length > 3000
    ? `${line.length} bytes, ${JSON.stringify(line.toString('latin1', 0, 1500))}…`
    : JSON.stringify(line.toString('latin1'))
