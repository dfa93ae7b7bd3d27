import { createLineAnonymizerSync } from './anonymizer/line-anonymizer.js'
import type { CustomMethod } from './anonymizer/methods/custom-method.js'
import { Output } from './anonymizer/output.js'
import type { RejectionCode } from './anonymizer/spec.js'
import { checkConfig } from './config/anonymizer/configuration.js'
import { planOf } from './config/anonymizer/plan.js'
import { checkedDay } from './config/units/days.js'
import { sluiceError } from './errors.js'
import { codeVerdicts } from './fhir/codes/code-verdicts.js'
import type { FhirVersion } from './fhir/version.js'

export type {
  CustomMethod,
  CustomResult,
  CustomSettings,
  CustomValue,
} from './anonymizer/methods/custom-method.js'
export type { RejectionCode } from './anonymizer/spec.js'
export type { Blame, ErrorCode, Problem, SluiceError } from './errors.js'
export { isSluiceError } from './errors.js'
export type { FhirVersion } from './fhir/version.js'

/** How a configuration is read. */
export interface AnonymizerOptions {
  /** Reference day that decides who is over 89, `YYYY-MM-DD`; default today (UTC). */
  readonly asOf?: string
  /** For a configuration that names none; default R4. */
  readonly fhirVersion?: FhirVersion
  /** Where relative paths in the configuration start; default the current folder. */
  readonly baseFolder?: string
  /** Make keys that are missing, as the original does silently. */
  readonly allowRandomKeys?: boolean
  /**
   * Take one key for two uses, for data that was hashed with it earlier. Keys below 128 bits of text are taken anyway,
   * as by the original: `sluice lint` reports them, and `sluice run` refuses them.
   */
  readonly allowWeakKeys?: boolean
}

export interface LineOptions {
  /** The file's or folder's name, for the date-shift scopes `file` and `folder`. */
  readonly dateShiftPrefix?: string
  /** Names what the line is part of: encrypt and perturb come out differently for each item and record. */
  readonly item?: string
  /**
   * Tells the lines of an item apart: `sluice anonymize` takes the byte at which the line begins. Default: the number of
   * lines that this anonymizer had before.
   */
  readonly record?: number
}

/** `bytes` is the anonymized line without newline; `offset` is in bytes; messages never quote values. */
export type LineResult =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly code: RejectionCode; readonly offset: number; readonly message: string }

export interface Anonymizer {
  anonymize(line: Uint8Array | string, options?: LineOptions): LineResult
}

/**
 * Anonymizes single lines by a parsed Microsoft-format configuration. `customMethods` are given as functions, by the
 * names that rules use. Throws SluiceError CONFIG_INVALID or KEY_MISSING with every problem found.
 */
export function createAnonymizer(
  config: object,
  options: AnonymizerOptions & { readonly customMethods?: Readonly<Record<string, CustomMethod>> } = {},
): Anonymizer {
  const { customMethods = {}, asOf } = options
  const methods = Object.fromEntries(
    Object.entries(customMethods).map(([name, f]) => [name.toLowerCase(), f]),
  )
  const checked = checkConfig(config, {
    ...options,
    warnsOfWeakKeys: true,
    givenMethods: Object.keys(methods),
  })
  const unloaded = Object.keys(checked.spec.customMethods).filter((name) => !Object.hasOwn(methods, name))
  if (unloaded.length > 0)
    throw sluiceError('USAGE', {
      message: 'createAnonymizer does not load modules',
      help: `give ${unloaded.join(', ')} as functions`,
    })
  const plan = planOf(checked, checkedDay(asOf))
  const line = createLineAnonymizerSync(plan.settle(plan.newRunSecrets()), methods, {
    compileCodes: codeVerdicts,
  })
  const out = new Output()
  let lineCount = 0
  return {
    anonymize(text, { dateShiftPrefix = '', item = '', record = lineCount } = {}) {
      lineCount++
      const bytes = typeof text === 'string' ? Buffer.from(text) : text
      out.length = 0
      const context = { item, record, baseOffset: 0, dateShiftPrefix }
      const rejection = line.anonymizeLine(bytes, { start: 0, end: bytes.length }, context, out)
      if (rejection === undefined) return { ok: true, bytes: out.bytes.slice(0, out.length) }
      return { ok: false, ...rejection }
    },
  }
}
