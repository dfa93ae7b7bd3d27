import type { ElementTree } from '../fhir/elements.js'
import type { ElementFate, ElementFates } from '../rules/explain/element-fates.js'
import { ExtensionOutcomes } from '../rules/explain/extension-outcomes.js'
import { type ExplainedLeaf, LeafSurvey } from '../rules/explain/leaves.js'
import { type Outcome, outcomesOf, resourceOutcomes } from '../rules/explain/outcomes.js'
import { isGone, isKept, RESULTS } from '../rules/explain/result.js'

/** An element whose fate is another one under another configuration. */
export interface FateChange {
  /** FHIRPath, as a rule would name it; for extensions, all that may be in them. */
  readonly path: string
  /** What becomes of its values; where that depends on the data, all that may. */
  readonly before: string
  readonly after: string
  /** `newly kept`: values may stay now; `no longer kept`: none stays any more. */
  readonly kind: 'newly kept' | 'no longer kept' | 'otherwise changed'
}

/** One side of a comparison. */
export interface FateSide {
  readonly fates: ElementFates
  /** The settings of a rule, by its number, as a text to compare. */
  readonly settingsOf: (rule: number) => string
}

/** Finds the elements of all resource types whose fate differs. Both configurations are of one FHIR version. */
export function fateChanges(before: FateSide, after: FateSide, tree: ElementTree): readonly FateChange[] {
  const changes: FateChange[] = []
  const [old, now] = [new Fates(before.fates), new Fates(after.fates)]
  for (const type of tree.resources.values()) {
    const leaves = new Map([...old.leaves(type), ...now.leaves(type)])
    for (const [path, leaf] of leaves) {
      const [from, to] = [old.of(leaf), now.of(leaf)]
      const texts = [textOf(from), textOf(to)] as const
      if (texts[0] !== texts[1])
        changes.push({ path, before: texts[0], after: texts[1], kind: kindOf(from, to) })
      else if (keyOf(from, before) !== keyOf(to, after)) {
        const note = keyOf(from) === keyOf(to) ? 'with other settings' : 'under other conditions'
        changes.push({ path, before: texts[0], after: `${texts[1]} ${note}`, kind: 'otherwise changed' })
      }
    }
  }
  return changes
}

/** The fates of leaves under one configuration. */
class Fates {
  readonly #fates: ElementFates
  readonly #survey: LeafSurvey
  readonly #inExtensions: ExtensionOutcomes
  /** Of the resource type at hand. */
  #known: ReadonlyMap<string, ExplainedLeaf> = new Map()
  #root: ElementFate | undefined

  constructor(fates: ElementFates) {
    this.#fates = fates
    this.#survey = new LeafSurvey(fates)
    this.#inExtensions = new ExtensionOutcomes(fates)
  }

  leaves(type: Parameters<LeafSurvey['visit']>[0]): ReadonlyMap<string, ExplainedLeaf> {
    const leaves = new Map<string, ExplainedLeaf>()
    this.#survey.visit(type, (leaf) => leaves.set(leaf.path, leaf))
    this.#known = leaves
    this.#root = this.#fates.resource(type)
    return leaves
  }

  /** A survey lists deeper elements, ids and extensions only where rules treat them differently. */
  of(leaf: ExplainedLeaf): readonly Outcome[] {
    const known = this.#known.get(leaf.path)
    if (known !== undefined) return known.outcomes
    let owner = this.#root as ElementFate
    const members = leaf.kind === 'sibling' ? leaf.members.slice(0, -1) : leaf.members
    for (const member of members.slice(0, -1)) owner = this.#fates.child(owner, member)
    const last = members.at(-1)
    if (last === undefined) return []
    const fate = this.#fates.child(owner, last)
    if (leaf.kind === 'resource') return resourceOutcomes(fate)
    if (leaf.kind === 'extension') return this.#inExtensions.of(fate).outcomes
    return outcomesOf(fate, this.#fates.leafFacts(owner.type, last))
  }
}

/** What may become of the values, in a fixed order. */
const textOf = (outcomes: readonly Outcome[]): string => {
  const found = new Set(outcomes.map(({ result }) => result))
  return RESULTS.filter((result) => found.has(result)).join(' or ')
}

/** What decides between the outcomes, and with a side also the settings of the rules that write something. */
function keyOf(outcomes: readonly Outcome[], side?: FateSide): string {
  const last = outcomes.findLastIndex(({ result }) => result !== outcomes.at(-1)?.result)
  const deciding = [...outcomes.slice(0, last + 1), ...outcomes.slice(-1)]
  return JSON.stringify(
    deciding.map(({ rule, result, isSure }) => [
      result,
      isSure ? '' : (rule?.path ?? ''),
      rule === undefined || result === 'kept' || isGone(result) ? '' : (side?.settingsOf(rule.number) ?? ''),
    ]),
  )
}

function kindOf(before: readonly Outcome[], after: readonly Outcome[]): FateChange['kind'] {
  const mayStay = (outcomes: readonly Outcome[]) => outcomes.some(({ result }) => isKept(result))
  if (mayStay(before) === mayStay(after)) return 'otherwise changed'
  return mayStay(after) ? 'newly kept' : 'no longer kept'
}
