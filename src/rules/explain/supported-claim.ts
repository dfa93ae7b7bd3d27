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
import { identifiersAt } from './identifiers.js'
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
  for (const resource of tree.resources.values())
    survey.visit(
      resource,
      (leaf) => {
        for (const { weighed, owner, members, outcomes } of weighedParts(leaf, resource)) {
          if (!outcomes.some(({ result }) => mayMatter(result))) continue
          const letters = identifiersAt(owner, members)
          for (const outcome of outcomes) {
            const reason = reasonOf(weighed, letters, outcome, facts)
            if (reason !== undefined) found.add(reason, outcome, leaf.path)
          }
        }
      },
      { hasAllSiblings: true, passesOver: (fate) => quiet.isQuiet(fate) },
    )
  const reasons = found.inOrder()
  return { atMost: reasons[0]?.claim ?? 'safe-harbor', reasons }
}

interface WeighedPart {
  readonly weighed: WeighedLeaf
  /** The type in which the path `members` begins. */
  readonly owner: ElementType
  readonly members: readonly Member[]
  readonly outcomes: readonly Outcome[]
}

/** A leaf; of extensions what may stay in them, by itself. */
function weighedParts(leaf: ExplainedLeaf, resource: ElementType): readonly WeighedPart[] {
  if (leaf.type !== 'Extension')
    return [{ weighed: leaf, owner: resource, members: leaf.members, outcomes: leaf.outcomes }]
  return leaf.kept.map(insidePart)
}

function insidePart({ owner, member, outcomes }: KeptInside): WeighedPart {
  const holder: Member = { key: '', name: '', cardinality: 'one', type: owner }
  const weighed = { type: member.type.name, members: [holder, member] }
  return { weighed, owner, members: [member], outcomes }
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
