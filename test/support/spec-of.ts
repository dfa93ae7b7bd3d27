import type { AnonymizerSpec, DateShiftScope, MethodSettings, Rule } from '../../src/anonymizer/spec.js'
import type { FhirVersion } from '../../src/fhir/version.js'

type Json = Readonly<Record<string, unknown>>

/** A Microsoft-format configuration as a spec, without any check: for configurations that are known to be good. */
export function specOf(config: unknown, asOf = '2026-11-21'): AnonymizerSpec {
  const c = config as Json
  const p = (c.parameters ?? {}) as Json
  const text = (key: string): string | undefined => (typeof p[key] === 'string' ? p[key] : undefined)
  return {
    fhirVersion: String(c.fhirVersion || 'R4').toUpperCase() as FhirVersion,
    asOf,
    processingErrors: String(c.processingErrors ?? 'raise').toLowerCase() as 'raise' | 'skip',
    unknownElements: c.unknownElements === 'drop' ? 'drop' : 'quarantine',
    rules: (c.fhirPathRules as Json[]).map(ruleOf),
    parameters: {
      dateShiftKey: text('dateShiftKey'),
      dateShiftScope: (text('dateShiftScope') ?? 'resource').toLowerCase() as DateShiftScope,
      dateShiftFixedOffsetInDays: (p.dateShiftFixedOffsetInDays ?? undefined) as number | undefined,
      cryptoHashKey: text('cryptoHashKey'),
      absoluteReferences: p.absoluteReferences === 'relative' ? 'relative' : 'keep',
      encryptKey: text('encryptKey'),
      perturbKey: text('perturbKey') ?? 'the key of the tests',
      enablePartialAgesForRedact: p.enablePartialAgesForRedact === true,
      enablePartialDatesForRedact: p.enablePartialDatesForRedact === true,
      enablePartialZipCodesForRedact: p.enablePartialZipCodesForRedact === true,
      restrictedZipCodeTabulationAreas: (p.restrictedZipCodeTabulationAreas ?? []) as string[],
      customSettings: p.customSettings,
    },
    customMethods: {},
    validateInput: false,
    validateOutput: false,
  }
}

const METHODS = [
  'keep',
  'redact',
  'dateShift',
  'cryptoHash',
  'encrypt',
  'substitute',
  'perturb',
  'generalize',
] as const

const ruleOf = (rule: Json, index: number): Rule => ({
  number: index + 1,
  path: String(rule.path),
  ...settingsOf(rule),
})

function settingsOf(rule: Json): MethodSettings {
  const name = String(rule.method).toLowerCase()
  const method = METHODS.find((m) => m.toLowerCase() === name)
  switch (method) {
    case undefined:
      return { method: 'custom', name, settings: rule }
    case 'substitute':
      return { method, replaceWith: rule.replaceWith }
    case 'perturb':
      return {
        method,
        span: Number(rule.span),
        rangeType: String(rule.rangeType ?? 'fixed').toLowerCase() as 'fixed' | 'proportional',
        roundTo: Number(rule.roundTo === undefined ? 2 : rule.roundTo),
      }
    case 'generalize':
      return {
        method,
        cases: casesOf(rule.cases),
        otherValues: String(rule.otherValues ?? 'redact').toLowerCase() as 'redact' | 'keep',
      }
    default:
      return { method }
  }
}

function casesOf(cases: unknown): [string, string][] {
  const object = (typeof cases === 'string' ? JSON.parse(cases) : cases) as Json
  return Object.entries(object).map(([condition, value]) => [condition, String(value)])
}
