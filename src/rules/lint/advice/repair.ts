import type { ElementTree } from '../../../fhir/elements.js'
import type { Expression } from '../../expression/expression.js'
import { print } from '../../expression/print.js'
import { parseExpression } from '../../path/parser.js'
import { parseRulePath, type RulePath } from '../../path/rule-path.js'
import { ExpressionError } from '../../path/tokens.js'
import type { Fault } from '../judge/faults.js'
import { isSound, judgePath, type PathVerdict } from '../judge/verdict.js'
import { candidates } from './candidates.js'
import { replaced } from './expressions.js'
import { nearestName } from './nearest-name.js'
import { withoutSlips } from './slips.js'

/** Maximum number of faults repaired one after the other in one path. */
const MAX_FAULTS = 4

/**
 * Returns a path to write instead, with each fault replaced by what its author most likely meant, and judged to reach
 * something without fault. Undefined if there is none.
 */
export function repaired(path: RulePath, verdict: PathVerdict, tree: ElementTree): string | undefined {
  return atStart(path, tree) ?? mended(path, verdict, tree, MAX_FAULTS)
}

/** Corrects `patient.name` and `HumanName.family`: the name before the first dot is not a resource type. */
function atStart({ text, resourceType }: RulePath, tree: ElementTree): string | undefined {
  const written = /^[A-Za-z]+/.exec(text)?.[0] ?? ''
  const rest = text.slice(written.length)
  if (resourceType === '') {
    const type = [...tree.resources.keys()].find((name) => name.toLowerCase() === written.toLowerCase())
    return type === undefined ? undefined : soundText(`${type}${rest}`, tree)
  }
  if (tree.resources.has(resourceType) || resourceType === 'Resource' || resourceType === 'DomainResource')
    return undefined
  if (tree.dataTypes.has(resourceType)) return soundText(`nodesByType('${resourceType}')${rest}`, tree)
  const nearest = nearestName(resourceType, tree.resources.keys())
  if (nearest !== undefined) return soundText(`${nearest}${rest}`, tree)
  const type = nearestName(resourceType, tree.dataTypes.keys())
  return type === undefined ? undefined : soundText(`nodesByType('${type}')${rest}`, tree)
}

/** Returns a path that does not parse without its slips, judged like any advice; undefined if none is found. */
export const parsable = (text: string, tree: ElementTree): string | undefined =>
  withoutSlips(text, (next) => soundText(next, tree))

/** Does the same for a condition or value of generalize, which is judged when it is linted again. */
export function parsableCase(text: string): string | undefined {
  // Inside parentheses, `||` is taken for `or`, as in any other condition.
  const found = withoutSlips(`(${text})`, (next) => {
    parseExpression(next)
    return next
  })
  return found?.slice(1, -1)
}

function soundText(text: string, tree: ElementTree): string | undefined {
  const path = parsed(text)
  if (path === undefined) return undefined
  const verdict = judgePath(path, tree)
  return isSound(verdict) ? text : mended(path, verdict, tree, MAX_FAULTS - 1)
}

function mended(path: RulePath, verdict: PathVerdict, tree: ElementTree, left: number): string | undefined {
  const fault = verdict.faults[0] ?? valuesFault(verdict)
  if (fault === undefined || left === 0) return undefined
  for (const { target, by } of candidates(fault, verdict.expression, tree)) {
    const text = printed(path, replaced(verdict.expression, target, by))
    const next = parsed(text)
    if (next === undefined) continue
    const nextVerdict = judgePath(next, tree)
    if (isSound(nextVerdict)) return text
    if (isSame(nextVerdict, fault)) continue
    const further = mended(next, nextVerdict, tree, left - 1)
    if (further !== undefined) return further
  }
  return undefined
}

/** Whether a change repaired nothing. */
const isSame = ({ faults: [first], givesValues }: PathVerdict, { kind, text }: Fault): boolean =>
  first === undefined ? !givesValues || text === '' : first.kind === kind && first.text === text

/** Handles a path that gives values: its last step is at fault. */
const valuesFault = ({ givesValues, expression }: PathVerdict): Fault | undefined =>
  givesValues ? { kind: 'fails', expression, text: '', places: [], isInCondition: false } : undefined

function printed({ resourceType }: RulePath, expression: Expression): string {
  const rest = print(expression)
  return resourceType === '' ? rest : `${resourceType}.${rest}`
}

function parsed(text: string): RulePath | undefined {
  try {
    return parseRulePath(text)
  } catch (error) {
    if (error instanceof ExpressionError) return undefined
    throw error
  }
}
