import type { CodeSystemsSetting } from '../../fhir/codes/code-verdicts.js'
import { elementTree } from '../../fhir/elements.js'
import { uncheckedCode } from '../../rules/explain/kept-codes.js'
import { unknownSets } from '../../rules/lint/advice/unknown-sets.js'
import type { ConfigProblem, Notice } from '../text/problem.js'
import { type DecidingParts, explainedConfig } from './explained-config.js'

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

/** What lint notes where codes stay and `codeSystems` is not given. */
export function codeNotes(config: DecidingParts): Notice[] {
  if (config.codeSystems !== undefined) return []
  const path = uncheckedCode(explainedConfig(config), elementTree(config.fhirVersion))
  if (path === undefined) return []
  const message = `is not given, so ${path} and other codes stay as they are, whatever was typed into them; list the systems that may stay, such as {"allow": ["international"]}`
  return [{ code: 'codes-unchecked', path: 'codeSystems', message }]
}
