import type { ElementType, Member } from '../../fhir/elements.js'
import { isPlain, mayFail, type Step, type StepPath } from './steps.js'

/**
 * What a rule does to the elements that it claims: nothing, something to their values, or `whole` if it may take or
 * replace elements as a whole, including those that earlier rules kept.
 */
export type Effect = 'none' | 'values' | 'whole'

/** Returns the effect of a method, by what it does to the elements that it claims. */
export function effectOf({
  changesNothing,
  reach,
}: {
  readonly changesNothing?: boolean
  readonly reach: string
}): Effect {
  if (changesNothing === true) return 'none'
  return reach === 'element' || reach === 'replacement' ? 'whole' : 'values'
}

/** A rule of the automaton. */
export interface AutomatonRule {
  readonly number: number
  readonly paths: readonly StepPath[]
  readonly effect: Effect
}

/** A rule with its position in the order in which rules run. */
export interface OrderedRule {
  readonly number: number
  readonly order: number
  readonly effect: Effect
  /** Whether it looks at values to find its elements. */
  readonly looksAhead: boolean
}

/** A rule part-way along one of its paths. */
export interface Progress {
  /** Distinct for each rule, path and position. */
  readonly id: number
  readonly rule: OrderedRule
  /** The next step; undefined at the end of the path. */
  readonly step: Step | undefined
  /** The state after that step. */
  readonly next: Progress | undefined
  /** Whether evaluating the rest of the path may fail. */
  readonly mayFail: boolean
  /** Whether a step before this one looks at values. */
  readonly isConditional: boolean
}

/** Returns the states before the first step of every path. */
export function firstProgress(rules: readonly AutomatonRule[]): readonly Progress[] {
  const first: Progress[] = []
  let id = 0
  rules.forEach(({ number, paths, effect }, order) => {
    const rule = { number, order, effect, looksAhead: !isPlain(paths) }
    for (const path of paths) {
      let progress: Progress | undefined
      for (let at = path.length; at >= 0; at--)
        progress = {
          id: id++,
          rule,
          step: path[at],
          next: progress,
          mayFail: mayFail(path, at),
          isConditional: path.slice(0, at).some(({ kind }) => kind === 'where'),
        }
      if (progress !== undefined) first.push(progress)
    }
  })
  return first
}

/** What arrives at a child element, and what goes on searching below it. */
export interface Followed {
  readonly arrived: readonly Progress[]
  readonly searching: readonly Progress[]
}

/** Whether a rule goes on searching below every child. */
export const isSearch = ({ step }: Progress): boolean =>
  step?.kind === 'descendants' || step?.kind === 'search'

/** Takes the steps that lead from an element to a child. */
export function followed(below: readonly Progress[], { name, type }: Member): Followed {
  const arrived: Progress[] = []
  const searching: Progress[] = []
  for (const progress of below) {
    const { step, next } = progress
    if (step === undefined || next === undefined) continue
    if (step.kind === 'child' && step.name === name) arrived.push(next)
    else if (step.kind === 'children') arrived.push(next)
    else if (step.kind === 'descendants') {
      arrived.push(next)
      searching.push(progress)
    } else if (step.kind === 'search') {
      if (finds(step, name, type.name)) arrived.push(next)
      searching.push(progress)
    }
  }
  return { arrived, searching }
}

/** Takes the steps that stay at an element; those that look at values only if `meets` says so. */
export function settled(
  { type, name }: { readonly type: ElementType; readonly name: string },
  { arrived, searching }: Followed,
  meets: (progress: Progress) => boolean,
): { readonly ended: readonly Progress[]; readonly below: readonly Progress[] } {
  const open = [...arrived]
  const ended: Progress[] = []
  const below = [...searching]
  for (let progress = open.pop(); progress !== undefined; progress = open.pop()) {
    const { step, next } = progress
    if (step === undefined || next === undefined) {
      ended.push(progress)
      continue
    }
    if (step.kind === 'type') {
      if (step.name === type.name) open.push(next)
    } else if (step.kind === 'where' || step.kind === 'opaque') {
      if (meets(progress)) open.push(next)
    } else {
      if (step.kind === 'search' && step.nested && finds(step, name, type.name)) open.push(next)
      below.push(progress)
    }
  }
  return { ended, below }
}

/** Returns the rule that claims an element: the first to run of those that ended here and the one inherited. */
export function claiming(
  ended: readonly Progress[],
  inherited: OrderedRule | undefined,
): OrderedRule | undefined {
  let claim = inherited
  for (const { rule } of ended) if (claim === undefined || rule.order < claim.order) claim = rule
  return claim
}

const finds = (step: Extract<Step, { kind: 'search' }>, name: string, typeName: string): boolean =>
  step.by === 'type' ? step.name === typeName : step.name === name
