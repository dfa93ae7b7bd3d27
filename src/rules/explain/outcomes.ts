import type { ElementType, Member } from '../../fhir/elements.js'
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
  if (outcomes.at(-1)?.isSure !== true) outcomes.push(UNREACHED)
  return outcomes
}

const UNREACHED: Outcome = { rule: undefined, result: 'kept', isSure: true }

function resultOf({ rule, fails, part, isSpent }: Claim, leaf: LeafFacts): Result {
  if (fails) return 'rejected'
  const { reach } = rule.method
  if (reach === 'element') return 'removed'
  if (reach === 'replacement') return writesSomething(part) ? 'substituted' : 'removed'
  return isSpent ? 'kept' : rule.resultOf(leaf)
}

/** Returns what may become of a child resource, apart from its own rules. */
export function resourceOutcomes(fate: ElementFate): readonly Outcome[] {
  return outcomesOf(fate, { name: '', type: 'Resource', parentType: '', kind: 'string' }).map((outcome) =>
    outcome.rule === undefined ? { ...outcome, result: 'own rules' } : outcome,
  )
}

/** What a method knows of a member that is a primitive. */
export const leafFacts = ({ name, type }: Member, owner: ElementType): LeafFacts => ({
  name,
  type: type.name,
  parentType: owner.name,
  kind: type.jsonKind === 'object' ? 'string' : type.jsonKind,
})
