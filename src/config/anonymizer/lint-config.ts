import { methodOf } from '../../anonymizer/methods/table.js'
import { type AllowedSystems, allowedSystems } from '../../fhir/codes/sets.js'
import { type ElementTree, elementTree } from '../../fhir/elements.js'
import type { SupportedClaim } from '../../rules/explain/supported-claim.js'
import { parsable, parsableCase } from '../../rules/lint/advice/repair.js'
import { type FindingCode, factsOf, pageOf } from '../../rules/lint/findings/codes.js'
import { uncovered } from '../../rules/lint/findings/coverage.js'
import { lintRules } from '../../rules/lint/lint.js'
import type { ConfigProblem } from '../text/problem.js'
import { claimOf } from './claim-check.js'
import { codeNotes } from './code-system-checks.js'
import { type ConfigOptions, checkConfig, judgeConfig, type Verdict } from './configuration.js'
import { withTestKeys } from './given-keys.js'
import type { LintRemark } from './lint-report.js'
import { ANY_TEXT } from './systems-text.js'

/** All that `sluice lint` says of a configuration, by rule. Throws nothing. */
export function lintConfig(raw: unknown, options: ConfigOptions = {}): LintRemark[] {
  const verdict = judgeConfig(raw, options)
  const { problems, notices, rules, fhirVersion, linted } = verdict
  const pathOf = new Map(rules.map(({ number, path }) => [number, path]))
  const findings = lintRules(
    rules.map((rule) => ({ ...rule, method: methodOf(rule) })),
    elementTree(fhirVersion),
    linted,
  )
  const hasCodeProblems = problems.some(({ path }) => path.startsWith('codeSystems'))
  // What becomes of each element takes minutes to compute where the tables are large.
  const notes = hasCodeProblems || findings.some(isLargeTables) ? [] : codeNotes(verdict)
  const remarks = [
    ...problems.map((problem) => problemRemark(problem, elementTree(fhirVersion))),
    ...notices.map(({ code, ...notice }) => remark(code, notice)),
    ...notes.map(({ code, ...notice }) => remark(code, notice)),
    ...findings.map(({ code, rule, message, suggestion, part }) => {
      const { says } = factsOf(code)
      return remark(code, {
        rule,
        path: part === undefined ? (pathOf.get(rule) ?? '') : `fhirPathRules[${rule - 1}].${part}`,
        message: says === undefined ? message : `${says}: ${message}`,
        ...(suggestion === undefined ? {} : { suggestion }),
      })
    }),
    ...uncovered(
      rules.map(({ path }) => path),
      elementTree(fhirVersion),
    ).map(({ code, message }) => remark(code, { path: 'fhirPathRules', message })),
  ]
  return remarks.sort((a, b) => (a.rule ?? 0) - (b.rule ?? 0))
}

/** Whether a finding says that the rules need more tables than there is room for. */
export const isLargeTables = ({ code }: { readonly code: string }): boolean => code === 'large-tables'

/** Reads a configuration to explain it; keys and a stated claim do not matter. Throws CONFIG_INVALID. */
export function explainableConfig(raw: unknown, options: ConfigOptions = {}): Verdict {
  const verdict = verdictOnRules(raw, options)
  if (verdict.problems.length > 0) checkConfig(withTestKeys(raw), forRules(options))
  return verdict
}

/** Returns what a configuration supports at most; undefined if problems hide what its rules do. */
export function supportedBy(raw: unknown, options: ConfigOptions = {}): SupportedClaim | undefined {
  const verdict = verdictOnRules(raw, options)
  return verdict.problems.length === 0 ? claimOf(verdict) : undefined
}

const forRules = (options: ConfigOptions): ConfigOptions => ({
  ...options,
  allowRandomKeys: true,
  allowWeakKeys: true,
  ignoresClaim: true,
})

/** Of the keys, only those that are made for a run matter. */
function verdictOnRules(raw: unknown, options: ConfigOptions): Verdict {
  const { randomKeys } = judgeConfig(raw, forRules(options))
  return { ...judgeConfig(withTestKeys(raw), forRules(options)), randomKeys }
}

/** Returns the systems whose codes stay; undefined without `codeSystems`. */
export function systemsOf(raw: unknown, options: ConfigOptions = {}): readonly AllowedSystems[] | undefined {
  const { codeSystems } = judgeConfig(raw, options)
  if (codeSystems === undefined) return undefined
  const systems = allowedSystems(codeSystems.allow)
  return codeSystems.grammar ? systems : systems.map((one) => ({ ...one, form: ANY_TEXT }))
}

function problemRemark(
  { code = 'invalid-setting', written, message, ...problem }: ConfigProblem,
  tree: ElementTree,
): LintRemark {
  const isPath = code === 'path-syntax'
  const suggestion =
    written === undefined ? undefined : isPath ? parsable(written, tree) : parsableCase(written)
  const severity = 'problem'
  if (suggestion === undefined) return remark(code, { ...problem, message, severity })
  const advice = `${message}; write \`${suggestion}\``
  return remark(code, { ...problem, message: advice, suggestion, severity })
}

const remark = (
  code: FindingCode,
  rest: Omit<LintRemark, 'code' | 'severity' | 'page'> & { readonly severity?: LintRemark['severity'] },
): LintRemark => ({ severity: factsOf(code).severity, code, ...rest, page: pageOf(code) })
