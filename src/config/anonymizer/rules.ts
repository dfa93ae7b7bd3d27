import type { z } from 'zod'
import { custom } from '../../anonymizer/methods/custom.js'
import { checkGeneralizeExpression } from '../../anonymizer/methods/generalize.js'
import { METHODS, type MethodSettings } from '../../anonymizer/methods/table.js'
import type { Rule } from '../../anonymizer/spec.js'
import { present } from '../../invariant.js'
import { FUNCTIONS } from '../../rules/evaluate/functions/functions.js'
import { nearestName } from '../../rules/lint/advice/nearest-name.js'
import { slipIn } from '../../rules/lint/advice/slips.js'
import type { FindingCode } from '../../rules/lint/findings/codes.js'
import { checkRulePath } from '../../rules/path/rule-path.js'
import { isComment } from '../text/comments.js'
import { type ConfigProblem, issuesAsProblems, type Notice } from '../text/problem.js'
import { settingsSchema } from './method-settings.js'
import { ruleSchema } from './schema.js'

export interface CheckedRules {
  readonly rules: readonly Rule[]
  readonly problems: readonly ConfigProblem[]
  readonly notices: readonly Notice[]
}

/**
 * Checks every rule and reports all that is wrong; `rules` holds those without fault. `customMethods` are names
 * in lower case.
 */
export function checkRules(rawRules: readonly unknown[], customMethods: ReadonlySet<string>): CheckedRules {
  const rules: Rule[] = []
  const problems: ConfigProblem[] = []
  const notices: Notice[] = []
  for (const [index, raw] of rawRules.entries()) {
    const number = index + 1
    const at = `fhirPathRules[${index}]`
    const base = ruleSchema.safeParse(raw)
    if (!base.success) {
      problems.push(...issuesAsProblems(base.error, at, number))
      continue
    }
    const { path, method } = base.data
    const before = problems.length
    const report = (code: FindingCode, key: string, message: string, written?: string) =>
      problems.push({
        code,
        rule: number,
        path: `${at}.${key}`,
        message,
        ...(written === undefined ? {} : { written }),
      })
    const pathFault = checkRulePath(path)
    if (pathFault !== undefined)
      report(
        'path-syntax',
        'path',
        `"${shortened(path)}" does not compile: ${pathFault}${meant(path, pathFault)}`,
        path,
      )
    const settings = methodSettings(method, base.data, customMethods)
    if (settings === undefined) report('unknown-method', 'method', unknownMethod(method, customMethods))
    else if ('error' in settings) problems.push(...issuesAsProblems(settings.error, at, number))
    else {
      if ('cases' in settings) {
        settings.cases.forEach(([condition, value], position) => {
          for (const [part, text] of [
            ['condition', condition],
            ['value', value],
          ] as const) {
            const fault = checkGeneralizeExpression(text)
            if (fault === undefined) continue
            const message = `${part} ${position + 1} does not compile: ${fault}${meant(text, fault)}`
            report('expression-syntax', 'cases', message, text)
          }
        })
      }
      if (settings.method !== custom.name) notices.push(...unknownKeys(base.data, settings, number, at))
      if (problems.length === before) rules.push({ number, path, ...settings })
    }
  }
  return { rules, problems, notices }
}

/** What may be meant: the function that a misspelt one is most like, or how FHIRPath writes it. */
function meant(text: string, fault: string): string {
  const wanted = /^no function (\w+)\(\) exists/.exec(fault)?.[1]
  const nearest = wanted === undefined ? undefined : nearestName(wanted, FUNCTIONS.keys())
  if (nearest !== undefined) return `; did you mean ${nearest}()?`
  const slip = wanted === undefined || /^not$/i.test(wanted) ? slipIn(text) : undefined
  return slip === undefined ? '' : `; in FHIRPath ${slip.says}`
}

/** A path as messages show it. */
const shortened = (path: string): string => (path.length <= 200 ? path : `${path.slice(0, 200)}…`)

function methodSettings(
  name: string,
  raw: Readonly<Record<string, unknown>>,
  customMethods: ReadonlySet<string>,
): MethodSettings | { readonly error: z.ZodError } | undefined {
  const lower = name.toLowerCase()
  const builtIn = METHODS.find((method) => method.name.toLowerCase() === lower)
  if (builtIn !== undefined) {
    const { data, error } = present(schemas.get(builtIn.name), 'the schema of a method').safeParse(raw)
    // The schema is made from the settings that the type is made from.
    return error === undefined ? ({ method: builtIn.name, ...data } as MethodSettings) : { error }
  }
  if (!customMethods.has(lower)) return undefined
  const { path: _path, method: _method, ...settings } = raw
  return { method: custom.name, name: lower, settings }
}

const schemas = new Map(METHODS.map(({ name, settings }) => [name, settingsSchema(settings)]))

function unknownMethod(method: string, customMethods: ReadonlySet<string>): string {
  const known = [...METHODS.map(({ name }) => name), ...customMethods]
  const nearest = nearestName(method, known)
  const advice = nearest === undefined ? `one of ${known.join(', ')}` : `did you mean ${nearest}?`
  return `no method "${method}" exists: ${advice}; a method of your own is named in customMethods`
}

function unknownKeys(
  raw: Readonly<Record<string, unknown>>,
  settings: MethodSettings,
  rule: number,
  at: string,
): Notice[] {
  const known = ['path', 'method', ...Object.keys(settings)]
  return Object.keys(raw)
    .filter((key) => !known.includes(key) && !isComment(key))
    .map((key) => ({
      code: 'unknown-key',
      rule,
      path: `${at}.${key}`,
      message: ineffective(key, settings.method, known),
    }))
}

function ineffective(key: string, method: string, known: readonly string[]): string {
  const nearest = nearestName(key, known)
  const belongs = PARAMETERS.has(key) ? ' (it belongs into "parameters" and counts for all rules)' : ''
  return `"${key}" has no effect on a rule with method ${method}${
    nearest === undefined ? belongs : `; did you mean "${nearest}"?`
  }`
}

const PARAMETERS = new Set([
  'dateShiftKey',
  'dateShiftScope',
  'dateShiftFixedOffsetInDays',
  'cryptoHashKey',
  'encryptKey',
  'enablePartialAgesForRedact',
  'enablePartialDatesForRedact',
  'enablePartialZipCodesForRedact',
  'restrictedZipCodeTabulationAreas',
])
