import { judgeConfig } from '../config/anonymizer-config.js'
import { elementTree } from '../fhir/elements.js'
import { type Finding, lintRules } from '../rules/lint.js'
import { placeOf } from '../storage/open.js'
import { EXIT, type ExitCode } from './exit-codes.js'
import { LINT, type LintValues } from './lint-options.js'
import { required } from './options.js'
import { readConfigAt, storeAccess } from './store-access.js'
import type { Terminal } from './terminal.js'

/** What is said of a configuration; the `--json` document has a list of these. */
interface Remark {
  readonly severity: 'problem' | 'warning'
  readonly kind: string
  readonly rule?: number
  readonly path: string
  readonly message: string
}

const SAYS: Readonly<Record<Finding['kind'], string>> = {
  'never-matches': 'never matches',
  shadowed: 'does nothing',
  fails: 'fails',
  'no-effect': 'changes nothing',
  'not-compiled': 'does not compile',
  union: 'differs from the original',
  precedence: 'may not mean what it seems to',
}

/** `sluice lint`. Throws SluiceError CONFIG_INVALID for a file that cannot be read at all. */
export async function lint(values: LintValues, terminal: Terminal): Promise<ExitCode> {
  const address = required(values.config, LINT.options.config)
  const { raw, baseFolder } = await readConfigAt(address, storeAccess(terminal))
  const path = placeOf(address)
  const remarks = remarksOn(raw, values, baseFolder)
  const problemCount = remarks.filter(({ severity }) => severity === 'problem').length
  const warningCount = remarks.length - problemCount
  if (values.json) terminal.print(JSON.stringify({ config: path, problemCount, warningCount, remarks }))
  else {
    for (const { severity, rule, path: place, message } of remarks)
      terminal.print(`${severity}: ${rule === undefined ? '' : `rule ${rule}: `}${place} ${message}`)
    terminal.print(`${path}: ${count(problemCount, 'problem')}, ${count(warningCount, 'warning')}`)
  }
  return problemCount > 0 ? EXIT.usage : EXIT.delivered
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`

function remarksOn(raw: unknown, { fhirVersion, allowRandomKeys }: LintValues, baseFolder: string): Remark[] {
  const verdict = judgeConfig(raw, { fhirVersion, allowRandomKeys, baseFolder })
  const { problems, missingKeys, notices, rules } = verdict
  const findings = lintRules(rules, elementTree(verdict.fhirVersion))
  const pathOf = new Map(rules.map(({ number, path }) => [number, path]))
  const remarks: Remark[] = [
    ...problems.map((problem) => ({
      severity: 'problem' as const,
      kind: missingKeys.includes(problem) ? 'key-missing' : 'invalid',
      ...problem,
    })),
    ...notices.map((notice) => ({ severity: 'warning' as const, ...notice })),
    ...findings.map(({ rule, kind, message }) => ({
      severity: 'warning' as const,
      kind,
      rule,
      path: pathOf.get(rule) ?? '',
      message: `${SAYS[kind]}: ${message}`,
    })),
  ]
  return remarks.sort((a, b) => (a.rule ?? 0) - (b.rule ?? 0))
}
