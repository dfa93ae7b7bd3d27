import { type ElementType, isPrimitive, type Member } from '../../fhir/elements.js'
import { print } from '../expression/print.js'
import { rootMembers } from '../path/root-members.js'
import { type Criterion, type Predicate, visitReads } from './predicates/predicate.js'
import { type Followed, followed, type OrderedRule, type Progress, settled } from './progress.js'

/** An element, with the rules that have arrived at it and the one that claims its parent. */
export interface Reached extends Followed {
  readonly type: ElementType
  readonly name: string
  readonly inherited: OrderedRule | undefined
}

/**
 * Whether what a predicate reads at an element is, when its rule runs, as it is in the source. A criterion sees the
 * tree as earlier rules left it. The answer is certain: any rule that might claim what is read counts, even if it
 * does so under a condition. With `isClaimable`, an earlier claim on the element itself leaves nothing to this rule, so
 * such claims need not be counted.
 */
export function isUnchanged(
  predicate: Predicate,
  rule: OrderedRule,
  reached: Reached,
  isClaimable: boolean,
): boolean {
  const here = levelAt(reached, rule, isClaimable)
  let isUnchanged = true
  visitReads(predicate, (path, criterion) => {
    let level = here
    for (const member of path) {
      // The walk leaves a line to the interpreter where a container's rule reaches a child resource.
      if (member.type.isResource) break
      level = below(level, member, rule)
    }
    if (level.whole || level.changed < level.kept) isUnchanged = false
    if (criterion !== undefined && mayChangeFor(criterion, level, rule)) isUnchanged = false
  })
  return isUnchanged
}

/** What earlier rules may have done at an element, at its ancestors, and may do below. */
interface Level {
  /** Position of the first rule that may change it. */
  readonly changed: number
  /** Position of the first rule that is certain to protect it. */
  readonly kept: number
  /** Whether a rule may take or replace it as a whole. */
  readonly whole: boolean
  readonly progress: readonly Progress[]
}

const UNTOUCHED: Level = {
  changed: Number.POSITIVE_INFINITY,
  kept: Number.POSITIVE_INFINITY,
  whole: false,
  progress: [],
}

function levelAt(reached: Reached, before: OrderedRule, isClaimable: boolean): Level {
  const { inherited } = reached
  const isInherited = inherited !== undefined && inherited.order < before.order
  const outer = isInherited ? claimed(UNTOUCHED, inherited, true) : UNTOUCHED
  const level = entered(outer, reached, before)
  return isClaimable ? { ...outer, progress: level.progress } : level
}

function below(level: Level, member: Member, before: OrderedRule): Level {
  const { arrived, searching } = followed(level.progress, member)
  return entered(
    level,
    { type: member.type, name: member.name, inherited: undefined, arrived, searching },
    before,
  )
}

function entered(outer: Level, reached: Reached, before: OrderedRule): Level {
  const isEarlier = ({ rule }: Progress): boolean => rule.order < before.order
  const earlier = {
    arrived: reached.arrived.filter(isEarlier),
    searching: reached.searching.filter(isEarlier),
  }
  // A step that needs the interpreter leaves it the whole line, so what follows does not matter here.
  const { ended, below: progress } = settled(reached, earlier, ({ step }) => step?.kind === 'where')
  let level: Level = { ...outer, progress }
  for (const { rule, isConditional } of ended) level = claimed(level, rule, !isConditional)
  return level
}

/** Whether a rule may change something that a criterion may read below an element. */
function mayChangeFor({ expression, type }: Criterion, level: Level, before: OrderedRule): boolean {
  const names = rootMembers(expression)
  if (names === undefined) return mayChangeBelow(level)
  const looksDeeper = /extension|children|descendants|nodesBy|repeat|\bid\b/.test(print(expression))
  return [...type.members.values()].some((member) => {
    if (!names.has(member.name)) return false
    if (member.type.isResource) return true
    const inner = below(level, member, before)
    if (inner.whole || inner.changed < inner.kept) return true
    return (looksDeeper || !isPrimitive(member.type)) && mayChangeBelow(inner)
  })
}

/** Whether a rule may change something below an element. */
const mayChangeBelow = ({ progress, kept }: Level): boolean =>
  progress.some(({ rule }) => rule.effect === 'whole' || (rule.effect === 'values' && rule.order < kept))

function claimed(level: Level, { order, effect }: OrderedRule, isCertain: boolean): Level {
  if (effect === 'whole') return { ...level, whole: true }
  if (effect === 'values') return { ...level, changed: Math.min(level.changed, order) }
  return isCertain ? { ...level, kept: Math.min(level.kept, order) } : level
}
