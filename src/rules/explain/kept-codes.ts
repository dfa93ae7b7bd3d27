import type { ElementTree } from '../../fhir/elements.js'
import { ElementFates } from './element-fates.js'
import type { ExplainedConfig } from './explained-rule.js'
import { LeafSurvey } from './leaves.js'

/** The resources in which most codes are. */
const TYPES = ['Observation', 'Condition', 'Procedure', 'Encounter', 'Patient', 'Claim']

/** Returns the path of a `Coding.code` that may stay as it is, unexamined; undefined if common resources have none. */
export function uncheckedCode(config: ExplainedConfig, tree: ElementTree): string | undefined {
  const survey = new LeafSurvey(new ElementFates(config, tree))
  for (const name of TYPES) {
    const resource = tree.resources.get(name)
    let found: string | undefined
    if (resource !== undefined)
      survey.visit(resource, ({ path, kind, members, outcomes }) => {
        if (kind !== 'value' || members.at(-1)?.key !== 'code') return
        if (members.at(-2)?.type.name !== 'Coding') return
        if (outcomes.some(({ result }) => result === 'kept')) found ??= path
      })
    if (found !== undefined) return found
  }
  return undefined
}
