import { type ElementTree, type ElementType, isPrimitive } from '../../src/fhir/elements.js'
import type { Random } from './random.js'
import { type PathKind, randomPath } from './random-path.js'

type Json = Record<string, unknown>

export interface ConfigOptions {
  /** The resource types that its rules name. */
  readonly types: readonly string[]
  readonly kind: PathKind
  readonly methods?: readonly Method[]
}

export const METHODS = [
  'keep',
  'redact',
  'remove',
  'dateShift',
  'cryptoHash',
  'encrypt',
  'substitute',
  'perturb',
  'generalize',
] as const
export type Method = (typeof METHODS)[number]

/** A random Microsoft-format configuration with every method, setting and key. */
export function randomConfig(random: Random, tree: ElementTree, options: ConfigOptions): Json {
  const ruleCount = random.between(1, 8)
  const rules = Array.from({ length: ruleCount }, () => randomRule(random, tree, options))
  // Half of all configurations end as an allow-list does.
  if (random.chance(0.3))
    rules.push({ path: 'Resource', method: random.pick(['redact', 'redact', 'cryptoHash']) })
  return {
    fhirVersion: tree.version,
    processingErrors: random.pick(['raise', 'skip']),
    unknownElements: random.pick(['quarantine', 'quarantine', 'drop']),
    mandatoryElements: random.pick(['remove', 'remove', 'mask']),
    fhirPathRules: rules,
    parameters: randomParameters(random),
  }
}

function randomParameters(random: Random): Json {
  const parameters: Json = {
    dateShiftKey: random.pick(['123', 'ключ', 'k']),
    dateShiftScope: random.pick(['resource', 'resource', 'file', 'folder', 'patient']),
    cryptoHashKey: random.pick(['123', 'another']),
    encryptKey: random.pick([
      '1234567890123456',
      '123456789012345678901234',
      '12345678901234567890123456789012',
    ]),
    perturbKey: 'noise',
    enablePartialAgesForRedact: random.chance(0.5),
    enablePartialDatesForRedact: random.chance(0.5),
    enablePartialZipCodesForRedact: random.chance(0.5),
    restrictedZipCodeTabulationAreas: random.pick([[], ['203', '556'], ['980']]),
  }
  if (random.chance(0.3)) parameters.urls = 'references'
  if (random.chance(0.3)) parameters.absoluteReferences = random.pick(['keep', 'relative'])
  if (random.chance(0.2)) parameters.dateShiftFixedOffsetInDays = random.pick([0, 11, -20, 4000])
  if (random.chance(0.3)) parameters.dateShiftTimeZone = random.pick(['keep', 'remove', 'Remove'])
  if (random.chance(0.3)) parameters.redactedInstants = random.pick(['year', 'whole'])
  if (random.chance(0.3)) parameters.over89From = random.pick(['birthday', 'year'])
  if (random.chance(0.2)) parameters.dateShiftExcludeZero = random.chance(0.8)
  const keepsWeekday = random.chance(0.1)
  if (keepsWeekday) parameters.dateShiftKeepWeekday = true
  if (random.chance(0.2))
    parameters.dateShiftRangeInDays = random.pick([
      [-365, -1],
      [0, 30],
      ...(keepsWeekday
        ? []
        : [
            [-3, 4],
            [1, 2],
          ]),
    ])
  return parameters
}

function randomRule(
  random: Random,
  tree: ElementTree,
  { types, kind, methods = METHODS }: ConfigOptions,
): Json {
  const { path, type } = randomPath(random, tree, random.pick(types), kind)
  const method = fitting(random, random.pick(methods), type)
  const rule: Json = { path, method: random.chance(0.1) ? method.toUpperCase() : method }
  switch (method) {
    case 'substitute': {
      const complex = type !== undefined && !isPrimitive(type) ? TEMPLATES[type.name] : undefined
      return {
        ...rule,
        replaceWith: random.pick(complex === undefined || random.chance(0.1) ? SCALARS : complex),
      }
    }
    case 'perturb':
      return {
        ...rule,
        span: random.pick([0, 1, 10, 0.1, 2.5]),
        ...(random.chance(0.5) ? { rangeType: random.pick(['fixed', 'proportional']) } : {}),
        ...(random.chance(0.5) ? { roundTo: random.pick([0, 1, 4, 28]) } : {}),
      }
    case 'generalize':
      return {
        ...rule,
        cases: random.pick(CASES),
        ...(random.chance(0.5) ? { otherValues: random.pick(['redact', 'keep']) } : {}),
      }
    default:
      return rule
  }
}

// These fail on elements of another kind, which is worth a try now and then, but rejects every line.
function fitting(random: Random, method: Method, type: ElementType | undefined): Method {
  if (random.chance(0.1)) return method
  const primitive = type !== undefined && isPrimitive(type)
  if (method === 'generalize' && !primitive) return 'redact'
  if (method === 'substitute' && !primitive && TEMPLATES[type?.name ?? ''] === undefined) return 'keep'
  return method
}

const SCALARS = ['x', '', null, true, 12, 1.5, '2000-01-01', 'Patient/1'] as const

const TEMPLATES: Readonly<Record<string, readonly unknown[]>> = {
  Address: [{ city: 'Beijing', period: { start: '1974-12-25' } }, {}],
  HumanName: [{ family: 'Harry', given: ['Jim'] }, '{"use":"nickname"}'],
  Identifier: [{ system: 'http://x', value: '1' }, null],
  Period: [{ start: '2000-01-01' }],
  Quantity: [{ value: 1.5, unit: 'kg' }],
  Reference: [{ reference: 'Patient/1' }, { display: 'gone' }],
  CodeableConcept: [{ coding: [{ system: 'http://x', code: 'y' }], text: 'z' }],
  Coding: [{ code: 'y', userSelected: true }],
  Narrative: [{ status: 'empty', div: '<div>x</div>' }],
  Extension: [{ url: 'http://x', valueString: 'y' }],
}

const CASES: readonly Json[] = [
  { "$this = 'Peter'": "'someone'", true: "'else'" },
  { '$this >= 0 and $this < 50': '25', '$this >= 50': '75' },
  { "$this.startsWith('2')": '$this.substring(0, 4)' },
  { '$this >= @1990-01-01 and $this < @2020-01-01': '@2000' },
  { '$this.length() > 3': "'long'" },
  { "$this in ('home' | 'official')": "'known'" },
  { '$this > 10': '$this div 10 * 10' },
]
