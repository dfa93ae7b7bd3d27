// Holds src/anonymizer/methods/table.ts, src/anonymizer/methods/method.ts,
// src/anonymizer/methods/settings.ts, src/anonymizer/methods/leaf.ts, src/anonymizer/parameters.ts,
// src/rules/lint/method-facts.ts, src/config/anonymizer/method-settings.ts.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { custom } from '../../../src/anonymizer/methods/custom.js'
import { isFailure, type Leaf, RECORD, RECORD_NAMES } from '../../../src/anonymizer/methods/leaf.js'
import type { LeafPlaceFacts } from '../../../src/anonymizer/methods/method.js'
import { METHODS, methodOf } from '../../../src/anonymizer/methods/table.js'
import { configurationJsonSchema } from '../../../src/config/anonymizer/schema.js'
import { elementTree } from '../../../src/fhir/elements.js'
import { leafOf, placeOf, RESOURCE_TYPES } from '../../support/leaves.js'
import { KEYS } from '../../support/rules.js'
import { projectRoot } from '../../support/shared.js'
import { readSourceTree } from '../../support/source-tree.js'
import { specOf } from '../../support/spec-of.js'

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

t.test('every method has a file, a test, a place in the README and in the schema for editors', async (t) => {
  const { properties } = configurationJsonSchema() as {
    properties: { fhirPathRules: { items: { properties: Record<string, { examples?: string[] }> } } }
  }
  const rule = properties.fhirPathRules.items.properties
  const readme = readFileSync(join(projectRoot, 'README.md'), 'utf8')
  for (const { name, summary, settings } of METHODS) {
    t.ok(existsSync(join(projectRoot, `src/anonymizer/methods/${kebab(name)}.ts`)), `${name}: file`)
    t.ok(existsSync(join(projectRoot, `test/anonymizer/methods/${kebab(name)}.test.ts`)), `${name}: test`)
    t.ok(readme.includes(`| \`${name}\` | ${summary} |`), `${name}: README`)
    t.ok(rule.method?.examples?.includes(name), `${name}: schema`)
    for (const key of Object.keys(settings)) t.ok(rule[key], `${name}: ${key} in the schema`)
  }
})

t.test('a method is named by a literal in its own room only', async (t) => {
  // Words that parameters and other options use as well.
  const ambiguous = ['keep', 'remove', 'redact', 'custom']
  const names = [...METHODS, custom].map(({ name }) => name)
  const literal = new RegExp(`['"\`](${names.filter((name) => !ambiguous.includes(name)).join('|')})['"\`]`)
  const compared = new RegExp(`(method(\\.name)?\\)? (===|!==) |\\bcase )['"\`](${names.join('|')})['"\`]`)
  for (const [file, text] of readSourceTree(join(projectRoot, 'src'))) {
    if (file.startsWith('anonymizer/methods/')) continue
    t.notMatch(text, literal, file)
    t.notMatch(text, compared, file)
  }
})

t.test('a method that does not exist is an error', async (t) => {
  t.throws(() => methodOf({ method: 'blur' }), { code: 'CONFIG_INVALID' })
  t.equal(methodOf({ method: 'custom' }), custom)
})

const RULES = [
  ...METHODS.filter(({ settings }) => Object.keys(settings).length === 0).map(({ name }) => ({
    method: name,
  })),
  { method: 'substitute', replaceWith: 'x' },
  { method: 'perturb', span: 1, rangeType: 'fixed', roundTo: 2 },
  { method: 'generalize', cases: [["$this = 'a'", "'b'"]], otherValues: 'keep' },
]
const TEXTS = ['Patient/1', '2015-02-07', '1900-01-01', '2015-02-07T13:28:17Z', '12345', '42', 'True', 'a']

/** Every kind of primitive that R4 has, by name, type and parent. */
function leaves(): LeafPlaceFacts[] {
  const found = new Map<string, LeafPlaceFacts>()
  const { dataTypes, resources } = elementTree('R4')
  for (const parent of [...dataTypes.values(), ...resources.values()])
    for (const { name, type } of parent.members.values())
      if (type.jsonKind !== 'object')
        found.set(`${name} ${type.name} ${parent.name}`, {
          name,
          type: type.name,
          parentType: parent.name,
          kind: type.jsonKind,
        })
  return [...found.values()]
}

t.test('the table tells the truth about every method', async (t) => {
  t.same(new Set(RULES.map(({ method }) => method)), new Set(METHODS.map(({ name }) => name)))
  for (const partial of [true, false])
    for (const settings of RULES) {
      const { parameters, asOf } = specOf({
        fhirPathRules: [],
        parameters: {
          ...KEYS,
          enablePartialDatesForRedact: partial,
          enablePartialAgesForRedact: partial,
          enablePartialZipCodesForRedact: partial,
        },
      })
      const method = methodOf(settings)
      const change = method.compile(
        { number: 1, path: 'Patient', ...settings },
        { asOf, parameters, resourceTypes: RESOURCE_TYPES, customMethods: new Map() },
      )
      const declared = method.records.reduce((bits, name) => bits | RECORD[name], 0)
      const seen = new Set<string>()
      for (const facts of leaves())
        for (const text of TEXTS) {
          const leaf: Leaf = leafOf(facts.type, text, facts)
          const outcome = change(leaf, placeOf({ prefix: () => 'p' }))
          if (isFailure(outcome)) continue
          for (const name of RECORD_NAMES) if ((outcome.record & RECORD[name]) !== 0) seen.add(name)
          const step = method.walk?.(facts, parameters) ?? 'method'
          const isRight =
            (outcome.record & ~declared) === 0 &&
            (step !== 'drop' || outcome.json === null) &&
            (step !== 'keep' || (outcome.json === undefined && outcome.record === 0)) &&
            (!method.changesNothing || outcome.json === undefined) &&
            (method.changesOnly === undefined ||
              method.changesOnly.types.has(facts.type) ||
              outcome.json === undefined) &&
            (!method.writesText || typeof JSON.parse(outcome.json ?? 'null') === 'string')
          if (!isRight)
            return t.fail(`${method.name}: ${JSON.stringify({ ...facts, text, ...outcome, step })}`)
        }
      if (partial) t.same([...seen].sort(), [...method.records].sort(), `${method.name}: records`)
    }
})
