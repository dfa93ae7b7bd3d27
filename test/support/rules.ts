import { type Engine, engineForSync, type Outcome, textOf } from './engines.js'
import { specOf } from './spec-of.js'

export type Json = Record<string, unknown>

export const KEYS = {
  dateShiftKey: 'shift',
  cryptoHashKey: 'hash',
  encryptKey: '1234567890123456',
  perturbKey: 'noise',
}

/** Both engines for R4 rules with every key at hand. */
export function enginesFor(
  rules: readonly Json[],
  parameters: Json = {},
  more: Json = {},
  checks: { readonly validateInput?: true; readonly validateOutput?: true } = {},
): [interpreter: Engine, automatic: Engine] {
  const all = { fhirVersion: 'R4', ...more, fhirPathRules: rules, parameters: { ...KEYS, ...parameters } }
  const spec = { ...specOf(all), ...checks }
  return [engineForSync(spec, 'interpreter'), engineForSync(spec, 'automatic')]
}

/** The parsed output. Throws where the line was rejected. */
export function outputOf(outcome: Outcome): Json {
  if (!outcome.ok) throw new Error(`rejected: ${outcome.rejection.code} ${outcome.rejection.message}`)
  return JSON.parse(textOf(outcome.latin1)) as Json
}
