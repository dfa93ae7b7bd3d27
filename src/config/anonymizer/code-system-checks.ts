import type { CodeSystemsSetting } from '../../fhir/codes/code-verdicts.js'
import { unknownSets } from '../../rules/lint/advice/unknown-sets.js'
import type { ConfigProblem } from '../text/problem.js'

/** Names that are neither urls nor sets that Sluice ships. */
export function codeSystemProblems(setting: CodeSystemsSetting | undefined): ConfigProblem[] {
  if (setting === undefined) return []
  return unknownSets(setting.allow).map(({ name, nearest }) => ({
    path: `codeSystems.allow[${setting.allow.indexOf(name)}]`,
    message:
      `"${name}" is neither a url nor a set of code systems that Sluice ships` +
      (nearest === undefined ? '' : `; did you mean "${nearest}"?`),
  }))
}
