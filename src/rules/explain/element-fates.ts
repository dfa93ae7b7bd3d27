import {
  type ElementTree,
  type ElementType,
  isPrimitive,
  isQuantity,
  type Member,
} from '../../fhir/elements.js'
import { compilePredicate } from '../automaton/predicates/compile.js'
import { type Followed, firstProgress, followed, type Progress, settled } from '../automaton/progress.js'
import { compilePath, type StepPath } from '../automaton/steps.js'
import type { Expression } from '../expression/expression.js'
import { print } from '../expression/print.js'
import { appliesTo, parseRulePath } from '../path/rule-path.js'
import { type Claim, inForce, newClaim, removals } from './claims.js'
import { type Conditions, conditionsOf } from './conditions.js'
import type { ExplainedConfig, ExplainedRule } from './explained-rule.js'
import type { LeafFacts, Result } from './result.js'
import { partOf } from './template-part.js'

/**
 * An element as the rules reach it, whatever the data holds. `sure` are the rules on their way that certainly come this
 * far, `possible` these and those that do under a condition. Equal elements are one object.
 */
export interface ElementFate {
  readonly id: number
  readonly type: ElementType
  /** In the order of the rules; see `inForce`. */
  readonly claims: readonly Claim[]
  /** Claims that remove the element, one above it or the line as a whole. */
  readonly removals: readonly Claim[]
  readonly sure: readonly Progress[]
  readonly possible: readonly Progress[]
  /** For a child resource: the numbers of the rules that look into it. */
  readonly lookingInto: readonly number[]
}

/** Folds the rules of a configuration over the element tree. Fates are made on first use. */
export class ElementFates {
  readonly #tree: ElementTree
  readonly #rules: readonly ExplainedRule[]
  readonly #leftAs: (owner: ElementType, member: Member) => Result
  readonly #facts = new Map<Member, LeafFacts>()
  readonly #first: readonly Progress[]
  /** Of each path, by the id of its last state. */
  readonly #conditions = new Map<number, Conditions>()
  readonly #fates = new Map<string, ElementFate>()
  readonly #children = new Map<ElementFate, Map<Member, ElementFate>>()
  readonly #truths = new Map<string, boolean | undefined>()
  readonly #prints = new Map<Expression, string>()
  /** Whether a rule runs on resources of a type, by the rule's position. */
  readonly #applies: readonly ((resourceType: string) => boolean)[]

  constructor({ rules, leftAs }: ExplainedConfig, tree: ElementTree) {
    this.#tree = tree
    this.#rules = rules
    this.#leftAs = leftAs ?? (() => 'kept')
    const paths = rules.map(({ path }) => parseRulePath(path))
    this.#applies = paths.map((path) => (resourceType) => appliesTo(path, resourceType))
    this.#first = firstProgress(
      rules.map(({ number }, at) => {
        const path = paths[at]
        return { number, paths: (path && compilePath(path)) ?? ANYWHERE, effect: 'values' }
      }),
    )
    for (const first of this.#first) {
      let last = first
      while (last.next !== undefined) last = last.next
      this.#conditions.set(last.id, conditionsOf(first))
    }
  }

  /** Returns a resource of a type, outside any other. */
  resource(type: ElementType): ElementFate {
    const arrived = this.#first.filter(({ rule }) => this.#applies[rule.order]?.(type.name) === true)
    const reached = { arrived, searching: [] }
    return this.#arrive({ name: '', type }, { claims: [], removals: [] }, reached, reached)
  }

  /** Returns the fate of an element's member. */
  child(fate: ElementFate, member: Member): ElementFate {
    const known = this.#children.get(fate)?.get(member)
    if (known !== undefined) return known
    const sure = followed(passing(fate.sure, member), member)
    const possible = fate.possible === fate.sure ? sure : followed(passing(fate.possible, member), member)
    // A claim does not enter child resources: each has its own turn.
    const claims = member.type.isResource ? [] : inherited(fate, member)
    const child = this.#arrive(member, { claims, removals: fate.removals }, sure, possible)
    const children = this.#children.get(fate) ?? new Map<Member, ElementFate>()
    this.#children.set(fate, children.set(member, child))
    return child
  }

  /** Returns what methods know of a member that is a primitive, and what becomes of it without them. */
  leafFacts(owner: ElementType, member: Member): LeafFacts {
    const known = this.#facts.get(member)
    if (known !== undefined) return known
    const { name, type } = member
    const facts = {
      name,
      type: type.name,
      parentType: owner.name,
      kind: type.jsonKind === 'object' ? 'string' : type.jsonKind,
      left: this.#leftAs(owner, member),
    } as const
    this.#facts.set(member, facts)
    return facts
  }

  #arrive(
    { name, type }: { readonly name: string; readonly type: ElementType },
    outer: Pick<ElementFate, 'claims' | 'removals'>,
    sure: Followed,
    possible: Followed,
  ): ElementFate {
    const element = { name, type }
    const certain = settled(element, sure, (progress) => this.#meets(progress, type) === true)
    const conditional: Progress[] = []
    const all =
      sure === possible && !sure.arrived.some(mayMeetCondition)
        ? certain
        : settled(element, possible, (progress) => {
            const isAnything = progress.step?.kind === 'opaque' && progress.step.selects === 'anything'
            if (isAnything) conditional.push(progress)
            return !isAnything && this.#meets(progress, type) !== false
          })
    const claimed = (ended: readonly Progress[], isSure: boolean): Claim[] =>
      ended.flatMap(({ id, rule }) => {
        const explained = this.#rules[rule.order]
        return explained === undefined
          ? []
          : [newClaim(explained, rule, element, isSure ? 'none' : this.#conditions.get(id))]
      })
    const claims = inForce([
      ...outer.claims,
      ...claimed(certain.ended, true),
      ...claimed(all.ended, false),
      ...claimed(conditional, false),
    ])
    const below = distinct(certain.below)
    return this.#interned({
      type,
      claims,
      removals: upToFirstSure([...outer.removals, ...removals(claims)]),
      sure: below,
      possible: all === certain ? below : distinct(all.below),
      lookingInto: type === this.#tree.anyResource ? this.#lookingInto(possible) : [],
    })
  }

  /** Whether an element of a type meets the next step; undefined if that depends on what it holds. */
  #meets({ step }: Progress, type: ElementType): boolean | undefined {
    if (step?.kind !== 'where') return undefined
    const key = `${type.id}|${this.#printed(step.criterion)}`
    if (!this.#truths.has(key)) {
      const predicate = compilePredicate(step.criterion, type)
      const truth =
        predicate?.kind === 'constant' && predicate.truth !== 'unsure' ? predicate.truth : undefined
      this.#truths.set(key, truth === undefined ? undefined : truth === 'true')
    }
    return this.#truths.get(key)
  }

  #printed(criterion: Expression): string {
    const known = this.#prints.get(criterion) ?? print(criterion)
    this.#prints.set(criterion, known)
    return known
  }

  /** The container's rules that go on into a child resource, whose type is known only from the data. */
  #lookingInto({ arrived, searching }: Followed): readonly number[] {
    const into = [
      ...arrived.filter(({ step }) => step !== undefined),
      ...searching.filter(({ step }) => {
        if (step?.kind === 'descendants') return true
        return step?.kind === 'search' && step.by === 'type' && this.#tree.resources.has(step.name)
      }),
    ]
    return [...new Set(into.map(({ rule }) => rule.number))].sort((a, b) => a - b)
  }

  #interned(fate: Omit<ElementFate, 'id'>): ElementFate {
    const ids = (progresses: readonly Progress[]): string => progresses.map(({ id }) => id).join()
    const key = [
      fate.type.id,
      fate.claims.map(claimKey).join(),
      fate.removals.map(claimKey).join(),
      ids(fate.sure),
      fate.possible === fate.sure ? '' : ids(fate.possible),
      fate.lookingInto.join(),
    ].join('|')
    const known = this.#fates.get(key)
    if (known !== undefined) return known
    const made = { ...fate, id: this.#fates.size }
    this.#fates.set(key, made)
    return made
  }
}

const ANYWHERE: readonly StepPath[] = [[{ kind: 'opaque', selects: 'anything' }]]

/** Returns the rules that may enter a member: FHIRPath's searches do not enter child resources. */
const passing = (progresses: readonly Progress[], { type }: Member): readonly Progress[] =>
  type.isResource ? progresses.filter(({ step }) => !(step?.kind === 'search' && step.nested)) : progresses

/** Whether a condition may follow at the element itself: behind a type, or a search that finds it, may be one. */
const mayMeetCondition = ({ step }: Progress): boolean =>
  step !== undefined && step.kind !== 'child' && step.kind !== 'children' && step.kind !== 'descendants'

const claimKey = ({ order, isSure, conditions, fails, part, isSpent }: Claim): string =>
  [
    order,
    isSure ? '' : `?${conditions === undefined ? '' : [...conditions].join('&')}`,
    fails ? '!' : '',
    isSpent ? '=' : '',
    part === undefined ? '' : JSON.stringify(part),
  ].join('')

/** Returns the claims on an element that reach its member. */
function inherited({ claims, type }: ElementFate, member: Member): readonly Claim[] {
  const isInPrimitive = isPrimitive(type)
  return claims.flatMap((claim) => {
    const { reach } = claim.rule.method
    if (reach === 'primitive') return isInPrimitive && member.type.name === 'Extension' ? [] : [claim]
    if (reach === 'replacement')
      return [{ ...claim, part: isInPrimitive ? undefined : partOf(claim.part, member.key) }]
    if (reach !== 'number' || claim.isSpent) return [claim]
    const isSpent = type.jsonKind === 'number' || (isQuantity(type) && member.name !== 'value')
    return [isSpent ? { ...claim, isSpent } : claim]
  })
}

function upToFirstSure(claims: readonly Claim[]): readonly Claim[] {
  const byOrder = [...new Map(claims.map((claim) => [`${claim.order}${claim.isSure}`, claim])).values()]
  const sure = byOrder.find(({ isSure }) => isSure)
  return sure === undefined ? byOrder : [sure]
}

/** Returns each once, in the order of ids. */
function distinct(progresses: readonly Progress[]): readonly Progress[] {
  if (progresses.every(({ id }, at) => at === 0 || id > (progresses[at - 1]?.id ?? -1))) return progresses
  const byId = new Map(progresses.map((progress) => [progress.id, progress]))
  return [...byId.values()].sort((a, b) => a.id - b.id)
}
