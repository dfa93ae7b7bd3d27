import type { ElementTree, ElementType, Member } from '../../fhir/elements.js'
import {
  CLAIMS,
  type Claim,
  type ClaimFacts,
  mayMatter,
  type Reason,
  reasonOf,
  type WeighedLeaf,
} from './claim-reason.js'
import { ElementFates } from './element-fates.js'
import type { ExplainedConfig } from './explained-rule.js'
import type { KeptInside } from './extension-outcomes.js'
import { type IdentifierLetter, identifiersAt } from './identifiers.js'
import { type ExplainedLeaf, LeafSurvey } from './leaves.js'
import type { Outcome } from './outcomes.js'
import { QuietFates } from './quiet-fates.js'

/** What a configuration supports at most, and why not more. */
export interface SupportedClaim {
  readonly atMost: Claim
  /** Weakest first. */
  readonly reasons: readonly ClaimReason[]
}

export interface ClaimReason {
  /** The strongest claim that this allows. */
  readonly claim: Claim
  readonly why: string
  /** The rules that decide; none if no rule reaches the elements. */
  readonly rules: readonly number[]
  readonly pathCount: number
  /** The first of the paths. */
  readonly paths: readonly string[]
}

const MAX_PATHS = 10

/** Computes what a configuration supports. */
export function supportedClaim(
  config: ExplainedConfig,
  tree: ElementTree,
  facts: ClaimFacts,
): SupportedClaim {
  const found = new Reasons()
  const fates = new ElementFates(config, tree)
  const quiet = new QuietFates(fates, mayMatter)
  const survey = new LeafSurvey(fates)
  const weigh = weighing(facts)
  for (const resource of tree.resources.values())
    survey.visit(
      resource,
      (leaf) => {
        for (const { reason, outcome } of weigh(leaf, resource)) found.add(reason, outcome, leaf.path)
      },
      { hasAllSiblings: true, passesOver: (fate) => quiet.isQuiet(fate) },
    )
  const reasons = found.inOrder()
  return { atMost: reasons[0]?.claim ?? 'safe-harbor', reasons }
}

interface Weighed {
  readonly reason: Reason
  readonly outcome: Outcome
}

/** Returns what finds the reasons at a leaf. Extensions with the same fate have the same reasons, found once. */
function weighing(facts: ClaimFacts): (leaf: ExplainedLeaf, resource: ElementType) => readonly Weighed[] {
  const inExtensions = new Map<readonly KeptInside[], readonly Weighed[]>()
  const weigh = (
    leaf: WeighedLeaf,
    letters: () => readonly IdentifierLetter[],
    outcomes: readonly Outcome[],
  ) =>
    outcomes.flatMap((outcome): readonly Weighed[] => {
      if (!mayMatter(outcome.result)) return []
      const reason = reasonOf(leaf, letters(), outcome, facts)
      return reason === undefined ? [] : [{ reason, outcome }]
    })
  return (leaf, resource) => {
    if (leaf.type !== 'Extension')
      return weigh(leaf, () => identifiersAt(resource, leaf.members), leaf.outcomes)
    const known = inExtensions.get(leaf.kept)
    if (known !== undefined) return known
    const found = leaf.kept.flatMap(({ owner, member, outcomes }) => {
      const holder: Member = { key: '', name: '', cardinality: 'one', type: owner }
      const inside = { type: member.type.name, members: [holder, member] }
      return weigh(inside, () => identifiersAt(owner, [member]), outcomes)
    })
    const distinct = new Map(found.map((one) => [`${one.reason.why} ${one.outcome.rule?.number}`, one]))
    const reasons = [...distinct.values()]
    inExtensions.set(leaf.kept, reasons)
    return reasons
  }
}

/** Reasons with their rules and paths, each once. */
class Reasons {
  readonly #found = new Map<
    string,
    { readonly reason: Reason; readonly rules: Set<number>; readonly paths: Set<string> }
  >()

  add(reason: Reason, { rule }: Outcome, path: string): void {
    const key = `${reason.claim} ${reason.why} ${rule === undefined}`
    const known = this.#found.get(key) ?? { reason, rules: new Set(), paths: new Set() }
    this.#found.set(key, known)
    if (rule !== undefined) known.rules.add(rule.number)
    known.paths.add(path)
  }

  inOrder(): readonly ClaimReason[] {
    return [...this.#found.values()]
      .map(({ reason, rules, paths }) => ({
        ...reason,
        rules: [...rules].sort((a, b) => a - b),
        pathCount: paths.size,
        paths: [...paths].slice(0, MAX_PATHS),
      }))
      .sort((a, b) => rank(a.claim) - rank(b.claim))
  }
}

const rank = (claim: Claim): number => CLAIMS.indexOf(claim)

/** Whether a configuration that supports `atMost` may state a claim. */
export const mayState = (claim: Claim, atMost: Claim): boolean => rank(claim) <= rank(atMost)
