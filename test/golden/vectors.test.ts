import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { parseRulePath } from '../../src/rules/path/rule-path.js'
import { type Difference, differences } from '../support/compare.js'
import { elementAt, firstOf } from '../support/elements.js'
import { ENGINES, type EngineChoice, engineFor, textOf } from '../support/engines.js'
import { readShared, skipWithoutShared } from '../support/shared.js'
import { specOf } from '../support/spec-of.js'

type Json = Record<string, unknown>

interface Vectors {
  readonly ruleParse: {
    readonly cases: readonly { path: string; resourceType: string; expression: string }[]
    readonly fastTypePattern: { match: [string, string, string][]; noMatch: string[] }
    readonly fastNamePattern: { match: [string, string, string][]; noMatch: string[] }
  }
  readonly visitor: { parameters: Json; dateShiftKeyPrefix: string; cases: VisitorCase[] }
  readonly securityLabels: { cases: LabelCase[] }
  readonly engine: { input: Json; cases: { expectExact?: string }[] }
  readonly derivedTraps: { cases: TrapCase[] }
}
type VisitorCase = { test: string; resource: Json; rules: Json[]; derivedOutput?: Json }
type LabelCase = { before: Json | Json[] | null; records: string[]; afterCodes?: string[]; keeps?: string }
type TrapCase = {
  name: string
  fhirVersion: string
  parameters: Json
  rules: Json[]
  input: Json
  output: Json
}

const FILE = 'spec/anonymizer-cases.json'
const skip = skipWithoutShared(FILE)
const vectors = skip === false ? (JSON.parse(readShared(FILE)) as Vectors) : undefined

async function anonymized(config: Json, input: unknown, choice: EngineChoice, prefix = ''): Promise<string> {
  const engine = await engineFor(specOf(config), choice)
  const outcome = engine.run(JSON.stringify(input), prefix)
  if (!outcome.ok) throw new Error(`rejected: ${outcome.rejection.code} ${outcome.rejection.message}`)
  return textOf(outcome.latin1)
}

/** The parsed output; what the vectors leave out stays open. */
async function outputOf(config: Json, input: unknown, choice: EngineChoice, prefix = ''): Promise<Json> {
  return JSON.parse(await anonymized(config, input, choice, prefix)) as Json
}

const labelsOf = (resource: Json): unknown[] =>
  ((resource.meta as Json | undefined)?.security as Json[] | undefined)?.map(({ code }) => code) ?? []

t.test('ruleParse: a path is split as the original splits it', { skip }, async (t) => {
  for (const { path, resourceType, expression } of vectors?.ruleParse.cases ?? []) {
    // Unknown functions pass the splitting of the original and fail at its load.
    if (path.includes('func(')) {
      t.throws(() => parseRulePath(path), path)
      continue
    }
    const parsed = parseRulePath(path)
    t.equal(parsed.resourceType, resourceType, path)
    t.equal(
      parsed.form.kind === 'resource',
      expression === path && resourceType !== '',
      `${path}: whole resource`,
    )
  }
  for (const [kind, pattern] of [
    ['byType', vectors?.ruleParse.fastTypePattern],
    ['byName', vectors?.ruleParse.fastNamePattern],
  ] as const) {
    for (const [path, name, step] of pattern?.match ?? [])
      t.match(parseRulePath(path).form, { kind, name, step: step === '' ? undefined : step }, path)
    for (const path of pattern?.noMatch ?? []) t.not(formOf(path), kind, path)
  }
})

function formOf(path: string): string {
  try {
    return parseRulePath(path).form.kind
  } catch {
    return 'refused'
  }
}

// What the C# tests assert where noise or random bytes leave no single output.
const OPEN_CHECKS: Readonly<Record<string, (output: Json) => boolean>> = {
  EncryptRule: (output) =>
    firstOf(output.address as Json[]).city !== 'patienttestcity1' && labelsOf(output).join() === 'MASKED',
  Perturb: (output) =>
    within(low(output).value, 8, 12) &&
    within(high(output).value, 90, 110) &&
    labelsOf(output).includes('PERTURBED'),
  PerturbThenRedact: (output) =>
    within(low(output).value, 9, 11) &&
    low(output).unit === 'TestUnit' &&
    labelsOf(output).join() === 'PERTURBED',
}
const range = (output: Json): Json => firstOf(output.referenceRange as Json[])
const low = (output: Json): Json => range(output).low as Json
const high = (output: Json): Json => range(output).high as Json
const within = (value: unknown, min: number, max: number): boolean =>
  typeof value === 'number' && value >= min && value <= max

for (const choice of ENGINES)
  t.test(`visitor: every vector, ${choice} engine`, { skip }, async (t) => {
    const { cases = [], dateShiftKeyPrefix } = vectors?.visitor ?? {}
    // A prefix is what the scopes file and folder have.
    const parameters = { ...vectors?.visitor.parameters, dateShiftScope: 'file' }
    for (const { test, resource, rules, derivedOutput } of cases) {
      const output = await outputOf(
        { fhirPathRules: rules, parameters },
        resource,
        choice,
        dateShiftKeyPrefix,
      )
      if (derivedOutput !== undefined) t.strictSame(differences(derivedOutput, output), [], test)
      else t.ok(OPEN_CHECKS[test]?.(output), test)
    }
  })

const RECORDING: Readonly<Record<string, Json>> = {
  REDACT: { path: 'Patient.active', method: 'redact' },
  ABSTRACT: { path: 'Patient.address.postalCode', method: 'redact' },
  PERTURB: { path: 'Patient.birthDate', method: 'dateShift' },
}

for (const choice of ENGINES)
  t.test(`securityLabels: every vector, ${choice} engine`, { skip }, async (t) => {
    for (const { before, records, afterCodes, keeps } of vectors?.securityLabels.cases ?? []) {
      const meta = Array.isArray(before) ? { security: before } : before
      const data = { active: true, address: [{ postalCode: '98052' }], birthDate: '2000-01-01' }
      const input = { resourceType: 'Patient', ...(meta === null ? {} : { meta }), ...data }
      const parameters = { dateShiftKey: 'k', enablePartialZipCodesForRedact: true }
      const config = { fhirPathRules: records.map((record) => RECORDING[record]), parameters }
      const output = await outputOf(config, input, choice)
      const name = `${JSON.stringify(before)} and ${records.join()}`
      if (afterCodes !== undefined) t.strictSame(labelsOf(output), afterCodes, name)
      else if (keeps !== undefined) t.equal((output.meta as Json)[keeps], (before as Json)[keeps], name)
      else t.notOk('meta' in output, name)
    }
  })

// derivedTraps that the golden README, or the rule that untouched bytes stay, settles differently.
const LISTED: Readonly<Record<string, (output: Json) => readonly Difference[]>> = {
  'union is de-duplicated by value': (output) =>
    differences(
      [
        { state: 'WA', country: 'US' },
        { state: 'OR', country: 'US' },
      ],
      output.address,
    ),
  'decimal age with partial ages throws': (output) => differences({ value: 52.5 }, output.onsetAge),
}

for (const choice of ENGINES)
  t.test(`derivedTraps: every vector, ${choice} engine`, { skip }, async (t) => {
    for (const { name, fhirVersion, parameters, rules, input, output } of vectors?.derivedTraps.cases ?? []) {
      const actual = await outputOf({ fhirVersion, fhirPathRules: rules, parameters }, input, choice)
      t.strictSame(LISTED[name]?.(actual) ?? differences(output, actual), [], name)
    }
  })

for (const choice of ENGINES)
  t.test(`engine: every vector, ${choice} engine`, { skip }, async (t) => {
    const { input, cases } = vectors?.engine ?? { input: {}, cases: [] }
    const redact = { fhirPathRules: [{ path: 'Patient.name', method: 'redact' }] }
    t.equal(await anonymized(redact, input, choice), firstOf(cases).expectExact, 'redacted, compact')
    const module = join(mkdtempSync(join(tmpdir(), 'sluice-mask-')), 'mask.mjs')
    writeFileSync(
      module,
      'export default ({ text }, { rule }) => ({ json: "***" + text.slice(rule.maskedLength) })\n',
    )
    const mask = {
      customMethods: { mask: module },
      fhirPathRules: [{ path: 'Patient.name', method: 'mask', maskedLength: 3 }],
    }
    t.equal(
      await anonymized(mask, input, choice),
      elementAt(cases, 2).expectExact,
      'a custom method without label',
    )
    const unknown = { fhirPathRules: [{ path: 'Patient.name', method: 'mask' }] }
    t.throws(() => specOf(unknown), { code: 'CONFIG_INVALID' }, 'an unsupported method')
  })

const rule = (settings: Json): Json => ({ fhirPathRules: [{ path: 'Patient.address', ...settings }] })
const perturb = (settings: Json): Json => rule({ path: 'Condition.onset', method: 'perturb', ...settings })
const generalize = (settings: Json): Json =>
  rule({ path: 'Patient.birthDate', method: 'generalize', ...settings })
const redactOnly = rule({ method: 'redact' })

// The configuration files of the original's tests, by what their names say of them.
const VALIDATION: readonly (readonly [name: string, config: Json, valid: boolean])[] = [
  ['test-sample', redactOnly, true],
  ['without-processing-error', redactOnly, true],
  ['raise-processing-error', { ...redactOnly, processingErrors: 'raise' }, true],
  ['miss-rules', {}, false],
  ['invalid-fhirpath', rule({ path: 'Patient.address.where(', method: 'redact' }), false],
  ['invalid-encryptkey', { ...rule({ method: 'encrypt' }), parameters: { encryptKey: 'short' } }, false],
  ['miss-replacement', rule({ method: 'substitute' }), false],
  ['perturb-wrong-rangetype', perturb({ span: 1, rangeType: 'Proportionaal' }), false],
  ['perturb-miss-span', perturb({ roundTo: 10 }), false],
  ['perturb-negative-span', perturb({ span: '-1' }), false],
  ['perturb-wrong-roundTo', perturb({ span: 1, roundTo: 'abc' }), false],
  ['perturb-negative-roundTo', perturb({ span: 1, roundTo: -200 }), false],
  ['perturb-exceed-28-roundTo', perturb({ span: 1, roundTo: 29 }), false],
  ['generalize-miss-cases', generalize({}), false],
  ['generalize-fail-compiled-expression', generalize({ cases: { '$this<=10 add $this>=0': '10' } }), false],
  ['generalize-invalid-othervalues', generalize({ cases: { true: "'x'" }, otherValues: 'unknown' }), false],
  ['R4-version', { ...redactOnly, fhirVersion: 'R4' }, true],
  ['Stu3-version', { ...redactOnly, fhirVersion: 'Stu3' }, true],
  ['empty-version', { ...redactOnly, fhirVersion: '' }, true],
  ['null-version', { ...redactOnly, fhirVersion: null }, true],
  ['invalid-version', { ...redactOnly, fhirVersion: 'r3' }, false],
]

t.test('configValidation: every configuration of the original is accepted or refused as there', async (t) => {
  for (const [name, config, valid] of VALIDATION)
    if (valid) t.doesNotThrow(() => specOf(config), name)
    else t.throws(() => specOf(config), { code: 'CONFIG_INVALID' }, name)
})
