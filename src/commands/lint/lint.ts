import { claimText } from '../../config/anonymizer/claim-check.js'
import { isLargeTables, lintConfig, supportedBy, systemsOf } from '../../config/anonymizer/lint-config.js'
import type { LintReport } from '../../config/anonymizer/lint-report.js'
import { systemsText } from '../../config/anonymizer/systems-text.js'
import { isPipeline } from '../../config/pipeline/configuration.js'
import { placeOf } from '../../storage/open.js'
import { dataWithoutCredentials } from '../credentials.js'
import type { Terminal } from '../display/terminal.js'
import { EXIT, type ExitCode } from '../exit-codes.js'
import { lintPipeline } from '../pipeline-rules.js'
import { required, usage } from '../shared-options.js'
import { readConfigAt, storeAccess } from '../store-access.js'
import { LINT, type LintValues } from './options.js'

/** `sluice lint`. Throws SluiceError CONFIG_INVALID for a file that cannot be read at all. */
export async function lint(
  values: LintValues,
  terminal: Terminal,
  words: readonly string[],
): Promise<ExitCode> {
  if (words.length > 0 && values.config !== undefined)
    throw usage('name one configuration: either after lint or with --config')
  const address = words[0] ?? required(values.config, LINT.options.config)
  const { raw, baseFolder } = await readConfigAt(address, storeAccess(terminal))
  const path = placeOf(address)
  const { fhirVersion, allowRandomKeys, allowWeakKeys } = values
  const options = { fhirVersion, allowRandomKeys, allowWeakKeys, baseFolder }
  const remarks = isPipeline(raw) ? await lintPipeline(raw, address, terminal) : lintConfig(raw, options)
  const codeSystems = isPipeline(raw) ? undefined : systemsOf(raw, options)
  // Where the tables are large, the claim would take minutes to compute.
  const supports = isPipeline(raw) || remarks.some(isLargeTables) ? undefined : supportedBy(raw, options)
  const problemCount = remarks.filter(({ severity }) => severity === 'problem').length
  const warningCount = remarks.filter(({ severity }) => severity === 'warning').length
  const report: LintReport = {
    config: path,
    problemCount,
    warningCount,
    remarks: dataWithoutCredentials(remarks),
    ...(codeSystems === undefined ? {} : { codeSystems }),
    ...(supports === undefined ? {} : { supports }),
  }
  if (values.json) terminal.print(JSON.stringify(report))
  else printRemarks(report, terminal)
  return problemCount > 0 || (values.strict && warningCount > 0) ? EXIT.usage : EXIT.delivered
}

function printRemarks(
  { config, problemCount, warningCount, remarks, codeSystems, supports }: LintReport,
  terminal: Terminal,
): void {
  for (const { severity, code, rule, path, message } of remarks)
    terminal.print(`${severity}: ${rule === undefined ? '' : `rule ${rule}: `}${path} ${message} [${code}]`)
  terminal.print(`${config}: ${count(problemCount, 'problem')}, ${count(warningCount, 'warning')}`)
  if (codeSystems !== undefined) for (const line of systemsText(codeSystems)) terminal.print(line)
  if (supports !== undefined) for (const line of claimText(supports)) terminal.print(line)
  if (remarks.length > 0) terminal.print('docs/lint.md explains each code in brackets, with an example.')
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`
