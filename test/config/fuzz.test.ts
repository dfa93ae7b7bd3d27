import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { judgeConfig } from '../../src/config/anonymizer/configuration.js'
import { parseConfigText } from '../../src/config/anonymizer/configuration-file.js'
import { readTolerantJson, TolerantJsonError } from '../../src/config/text/tolerant-json.js'
import { isSluiceError } from '../../src/errors.js'
import { elementTree } from '../../src/fhir/elements.js'
import { lintRules } from '../support/lint-rules.js'
import { type Random, seededRandom } from '../support/random.js'
import { projectRoot } from '../support/shared.js'

const ROUNDS = 1500
const PRESETS = ['safe-harbor-r4', 'safe-harbor-stu3', 'research-r4'].map((name) =>
  readFileSync(join(projectRoot, 'configs', `${name}.json`), 'utf8'),
)
const PIECES = [
  '"',
  "'",
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '//',
  '/*',
  '\\',
  '\\u12',
  '0',
  '-',
  'null',
  '\n',
  '\u2028',
  '\ud800',
]

/** A few characters changed, removed or put in. */
function mutated(text: string, random: Random): string {
  let result = text
  for (let n = random.between(1, 4); n > 0; n--) {
    const at = random.below(result.length + 1)
    result =
      result.slice(0, at) +
      (random.chance(0.6) ? random.pick(PIECES) : '') +
      result.slice(at + random.below(4))
  }
  return result
}

/** One value somewhere in it replaced by one of another kind. */
function withOddValue(value: unknown, random: Random): unknown {
  if (random.chance(0.1) || typeof value !== 'object' || value === null)
    return random.pick([
      null,
      true,
      -1,
      1e300,
      '',
      'x',
      [],
      {},
      [[]],
      { env: 1 },
      { random: true },
      Number.MAX_VALUE,
    ])
  const keys = Object.keys(value)
  if (keys.length === 0) return null
  const key = random.pick(keys)
  const copy: Record<string, unknown> = Array.isArray(value) ? (value.slice() as never) : { ...value }
  copy[key] = withOddValue(copy[key], random)
  return copy
}

t.test('a configuration file of any text is read, or refused with its place', async (t) => {
  const random = seededRandom(t.name)
  let readCount = 0
  for (let n = 0; n < ROUNDS; n++) {
    const text = mutated(random.pick(PRESETS), random)
    try {
      readTolerantJson(text)
      readCount++
    } catch (error) {
      if (!(error instanceof TolerantJsonError)) return t.fail(String(error))
      if (!(error.line >= 1 && error.column >= 1)) return t.fail(`no place: ${error.message}`)
      try {
        JSON.parse(text)
        // The one thing that JSON.parse takes and a configuration must not have.
        if (!error.message.startsWith('a name that')) return t.fail(`${error.message}: JSON.parse takes it`)
      } catch {
        // Neither takes it.
      }
    }
  }
  t.ok(readCount > 0 && readCount < ROUNDS, `${readCount} of ${ROUNDS} are read`)
})

t.test('what JSON.parse reads is read as the same value', async (t) => {
  for (const text of PRESETS) t.same(readTolerantJson(text).value, JSON.parse(text))
})

t.test('a configuration of any value is judged, and what is left of its rules is linted', async (t) => {
  const random = seededRandom(t.name)
  const parsed = PRESETS.map((text) => parseConfigText(text, 'preset'))
  let refusedCount = 0
  for (let n = 0; n < 200; n++) {
    const raw = withOddValue(random.pick(parsed), random)
    try {
      const { problems, rules, fhirVersion } = judgeConfig(raw)
      if (problems.length > 0) refusedCount++
      if (n % 20 === 0) lintRules(rules, elementTree(fhirVersion))
    } catch (error) {
      return t.fail(
        `${isSluiceError(error) ? error.code : String(error)} for ${JSON.stringify(raw).slice(0, 200)}`,
      )
    }
  }
  t.ok(refusedCount > 0, `${refusedCount} are refused`)
})
