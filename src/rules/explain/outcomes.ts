import { type Claim, upToSure } from './claims.js'
import type { ElementFate } from './element-fates.js'
import type { ExplainedRule } from './explained-rule.js'
import type { LeafFacts, Result } from './result.js'
import { writesSomething } from './template-part.js'

/** What may become of a value. Without a rule, no rule reaches it. */
export interface Outcome {
  readonly rule: ExplainedRule | undefined
  readonly result: Result
  /** Whether this is what happens where nothing before it in the list does. */
  readonly isSure: boolean
}

/** Returns what may become of a value, in the order in which rules decide; the last is sure. */
export function outcomesOf({ claims, removals }: ElementFate, leaf: LeafFacts): readonly Outcome[] {
  const outcomes: Outcome[] = []
  const removal = ({ rule, isSure, fails }: Claim): Outcome => ({
    rule,
    result: fails ? 'rejected' : 'removed',
    isSure,
  })
  const sureRemoval = removals.find(({ isSure }) => isSure)
  if (sureRemoval !== undefined) return [removal(sureRemoval)]
  const deciding = upToSure(claims)
  for (const claim of removals)
    if (!deciding.some(({ order }) => order === claim.order)) outcomes.push(removal(claim))
  for (const claim of deciding)
    outcomes.push({ rule: claim.rule, result: resultOf(claim, leaf), isSure: claim.isSure })
  if (outcomes.at(-1)?.isSure !== true) outcomes.push({ rule: undefined, result: leaf.left, isSure: true })
  return outcomes
}

function resultOf({ rule, fails, part, isSpent }: Claim, leaf: LeafFacts): Result {
  if (fails) return 'rejected'
  const { reach } = rule.method
  if (reach === 'element') return 'removed'
  if (reach === 'replacement') return writesSomething(part) ? 'substituted' : 'removed'
  const result = isSpent ? 'kept' : rule.resultOf(leaf)
  return result === 'kept' ? leaf.left : result
}

/** Returns what may become of a child resource, apart from its own rules. */
export function resourceOutcomes(fate: ElementFate): readonly Outcome[] {
  return outcomesOf(fate, RESOURCE).map((outcome) =>
    outcome.rule === undefined ? { ...outcome, result: 'own rules' } : outcome,
  )
}

const RESOURCE: LeafFacts = { name: '', type: 'Resource', parentType: '', kind: 'string', left: 'kept' }
