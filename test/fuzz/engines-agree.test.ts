// Holds src/anonymizer/line-anonymizer.ts, src/anonymizer/program.ts,
// src/anonymizer/interpreter/interpreter.ts, src/anonymizer/interpreter/turns.ts,
// src/anonymizer/interpreter/claims.ts, src/anonymizer/interpreter/leaf-changes.ts,
// src/anonymizer/interpreter/rule-failure.ts, src/anonymizer/interpreter/element-index.ts,
// src/anonymizer/walk/walk.ts, src/anonymizer/walk/walk-answers.ts, src/anonymizer/walk/walk-module.ts,
// src/anonymizer/walk/walk-memory.ts, src/anonymizer/walk/record-writer.ts.
import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import type { AnonymizerSpec } from '../../src/anonymizer/spec.js'
import { isSluiceError } from '../../src/errors.js'
import { type ElementTree, elementTree } from '../../src/fhir/elements.js'
import { FHIR_VERSIONS } from '../../src/fhir/version.js'
import { elementAt, firstOf } from '../support/elements.js'
import { ENGINES, type Engine, engineForSync, type Outcome, textOf } from '../support/engines.js'
import { GOLDEN_FILES, goldenLines } from '../support/golden-cases.js'
import { mutated } from '../support/mutate.js'
import { fuzzSeconds, type Random, seededRandom } from '../support/random.js'
import { randomConfig } from '../support/random-config.js'
import { randomResource } from '../support/random-resource.js'
import type { Json } from '../support/rules.js'
import { shrunkLine, shrunkList } from '../support/shrink.js'
import { specOf } from '../support/spec-of.js'

const LINES_PER_CONFIG = 60
const PREFIX = 'folder'
const SYSTEMS = ['loinc', 'snomed-ct', 'ucum', 'hl7', 'http://example.org/a', 'urn:oid:1.2.3']

const goldenCases = Object.values(GOLDEN_FILES).map(goldenLines)

interface Tally {
  configs: number
  refused: number
  delivered: number
  rejected: number
  changed: number
  interpreted: number
  codesRemoved: number
}

t.test(
  'both engines give the same bytes and the same rejections, whatever the rules and resources',
  async (t) => {
    const random = seededRandom('engines agree')
    const tally: Tally = {
      configs: 0,
      refused: 0,
      delivered: 0,
      rejected: 0,
      changed: 0,
      interpreted: 0,
      codesRemoved: 0,
    }
    const wrong: string[] = []
    const end = Date.now() + fuzzSeconds() * 1000
    while (Date.now() < end && wrong.length < 5) wrong.push(...oneConfig(random, tally))
    console.log(`# fuzz: engines agree: ${JSON.stringify(tally)}`)
    for (const finding of wrong) console.log(`# wrong: ${finding}`)
    t.ok(tally.changed > 0, 'rules changed something')
    t.ok(tally.codesRemoved > 0, 'codes were removed')
    t.equal(wrong.length, 0, `SLUICE_SEED=${random.seed} repeats it`)
  },
)

/** One random configuration on some random lines; what differs, made small. */
function oneConfig(random: Random, tally: Tally): string[] {
  const tree = elementTree(random.pick(FHIR_VERSIONS))
  const types = random.shuffled([...tree.resources.keys()]).slice(0, 2)
  if (random.chance(0.5)) types[0] = random.pick(['Patient', 'Observation', 'Bundle', 'Claim'])
  const golden = random.chance(0.3) ? goldenConfig(random, tree, types) : undefined
  const rules =
    golden ?? randomConfig(random, tree, { types, kind: random.pick(['plain', 'criteria', 'any']) })
  const config = random.chance(0.4) ? { ...rules, codeSystems: randomCodeSystems(random) } : rules
  const spec = checkedSpec(config)
  if (spec === undefined) {
    tally.refused++
    return []
  }
  tally.configs++
  const engines = ENGINES.map((choice) => engineForSync(spec, choice))
  for (let record = 0; record < LINES_PER_CONFIG; record++) {
    const line = randomLine(random, tree, types)
    const difference = differenceOf(engines, line, record)
    if (difference !== undefined) return [reproduction(config, line, record)]
    const outcome = firstOf(engines.map((engine) => engine.run(line, PREFIX, record)))
    if (!outcome.ok) tally.rejected++
    else {
      tally.delivered++
      if (outcome.latin1 !== line.toString('latin1').trim()) tally.changed++
    }
  }
  tally.interpreted += elementAt(engines, 1).lines.counts.interpretedLines
  const [first, second] = engines.map(({ lines }) => [...lines.counts.codesRemoved].sort())
  tally.codesRemoved += first?.length ?? 0
  return isDeepStrictEqual(first, second)
    ? []
    : [`counts of removed codes: ${JSON.stringify([config, first, second])}`]
}

function randomCodeSystems(random: Random): Json {
  return {
    allow: random.shuffled(SYSTEMS).slice(0, random.below(SYSTEMS.length)),
    grammar: random.chance(0.7),
  }
}

/** A configuration of a golden case, where it is of the tree's version; its first rules' types go into `types`. */
function goldenConfig(random: Random, tree: ElementTree, types: string[]): Json | undefined {
  const { config } = JSON.parse(random.pick(random.pick(goldenCases))) as { config: Json }
  if (String(config.fhirVersion).toUpperCase() !== tree.version) return undefined
  const named = (config.fhirPathRules as Json[]).map(({ path }) => /^[A-Z]\w*/.exec(String(path))?.[0] ?? '')
  const known = named.filter((name) => tree.resources.has(name))
  types.splice(0, known.length > 0 ? 1 : 0, ...known.slice(0, 1))
  return config
}

/** Undefined for a configuration that is refused: some random ones are. */
function checkedSpec(config: unknown): AnonymizerSpec | undefined {
  try {
    const spec = specOf(config)
    engineForSync(spec, 'interpreter')
    return spec
  } catch (error) {
    if (isSluiceError(error) && error.code === 'CONFIG_INVALID') return undefined
    throw error
  }
}

function randomLine(random: Random, tree: ElementTree, types: readonly string[]): Buffer {
  const type = random.chance(0.9) ? random.pick(types) : undefined
  const elementCount = random.between(2, 50)
  const line = randomResource(random, tree, { type, elementCount, faults: 0.08, calm: random.chance(0.8) })
  return random.chance(0.1) ? mutated(random, line) : Buffer.from(line)
}

/** What differs between the engines, or between two runs of one: its kind, for shrinking. */
function differenceOf(engines: readonly Engine[], line: Buffer, record: number): string | undefined {
  const outcomes = engines.map((engine) => engine.run(line, PREFIX, record))
  const [first, second] = [elementAt(outcomes, 0), elementAt(outcomes, 1)]
  for (const outcome of [first, second])
    if (!outcome.ok && outcome.rejection.code === 'THREW') return `threw ${outcome.rejection.message}`
  if (first.ok !== second.ok) return `${kindOf(first)} and ${kindOf(second)}`
  if (first.ok && !isJson(first.latin1)) return 'no JSON'
  if (kindOf(first) !== kindOf(second)) return first.ok ? 'bytes' : 'codes'
  const again = engines.map((engine) => engine.run(line, PREFIX, record))
  return kindOf(firstOf(again)) === kindOf(first) && kindOf(elementAt(again, 1)) === kindOf(second)
    ? undefined
    : 'not repeated'
}

function isJson(latin1: string): boolean {
  try {
    JSON.parse(textOf(latin1))
    return true
  } catch {
    return false
  }
}

function kindOf(outcome: Outcome): string {
  return outcome.ok ? outcome.latin1 : outcome.rejection.code
}

/** The smallest rules and line that still differ, with what each engine makes of them; all of it synthetic. */
function reproduction(config: Json, line: Buffer, record: number): string {
  const enginesOf = (rules: readonly unknown[]): Engine[] => {
    const spec = checkedSpec({ ...config, fhirPathRules: rules })
    return spec === undefined ? [] : ENGINES.map((choice) => engineForSync(spec, choice))
  }
  const differ = (rules: readonly unknown[], bytes: Buffer): boolean => {
    const engines = enginesOf(rules)
    return engines.length > 0 && differenceOf(engines, bytes, record) !== undefined
  }
  const allRules = config.fhirPathRules as readonly unknown[]
  const fewerRules = shrunkList(allRules, (rules) => differ(rules, line))
  const engines = enginesOf(fewerRules)
  const smallLine = shrunkLine(line, (bytes) => differenceOf(engines, bytes, record) !== undefined)
  const rules = shrunkList(fewerRules, (some) => differ(some, smallLine))
  const outcomes = enginesOf(rules).map(
    (engine, k) => `${ENGINES[k]}: ${shown(engine.run(smallLine, PREFIX, record))}`,
  )
  return [
    JSON.stringify({ ...config, fhirPathRules: rules }),
    JSON.stringify(smallLine.toString('latin1')),
    ...outcomes,
  ].join('\n#   ')
}

function shown(outcome: Outcome): string {
  return outcome.ok
    ? JSON.stringify(textOf(outcome.latin1))
    : `${outcome.rejection.code} ${outcome.rejection.message}`
}
