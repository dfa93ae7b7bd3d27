import { type ElementType, isPrimitive, type Member } from '../../fhir/elements.js'
import { present } from '../../invariant.js'
import type { Step, StepPath } from './steps.js'

/** A rule part-way along its path: `path[at]` is the next step. */
interface Progress {
  /** Id, distinct for each rule, path and position. */
  readonly id: number
  readonly rule: number
  readonly path: StepPath
  readonly at: number
}

/** The state after the next step of the same path. */
const advanced = ({ id, rule, path, at }: Progress): Progress => ({ id: id + 1, rule, path, at: at + 1 })

/**
 * The state of all rules at an element (law 3.3): which one claims it, and which may still match below. Equal places are
 * one object.
 */
export interface Place {
  readonly id: number
  readonly type: ElementType
  /** Number of the rule that claims the element: the smallest that matched on the way down; 0 for none. */
  readonly claim: number
  /** Whether the claim begins here rather than further up. */
  readonly claimsHere: boolean
  readonly below: readonly Progress[]
}

/** Whether the container's rules reach a child resource: none of them, or some. */
export interface ResourceCrossing {
  readonly always: boolean
  /** Types of child resource that the container's rules reach. */
  readonly types: ReadonlySet<string>
}

/** The automaton over all plain paths of one resource type's rules. Places are created on first use. */
export class Automaton {
  readonly #places = new Map<string, Place>()
  readonly #first: readonly Progress[]

  /** `paths` holds the paths of the rules that apply, by rule number. */
  constructor(paths: ReadonlyMap<number, readonly StepPath[]>) {
    const first: Progress[] = []
    let id = 0
    for (const [rule, alternatives] of paths)
      for (const path of alternatives) {
        first.push({ id, rule, path, at: 0 })
        id += path.length + 1
      }
    this.#first = first
  }

  /** Returns the place of the resource itself; `name` is its name as an element, '' for the root. */
  start(type: ElementType, name: string): Place {
    return this.#settle(type, name, [...this.#first], 0)
  }

  /** Returns the place of a child element that is not a resource. */
  child(place: Place, member: Member): Place {
    const arrived: Progress[] = []
    const searching: Progress[] = []
    for (const progress of place.below) {
      const step = present(progress.path[progress.at], 'the next step of a path')
      const next = advanced(progress)
      if (step.kind === 'child' && step.name === member.name) arrived.push(next)
      else if (step.kind === 'children') arrived.push(next)
      else if (step.kind === 'descendants') {
        arrived.push(next)
        searching.push(progress)
      } else if (step.kind === 'search') {
        if (finds(step, member.name, member.type.name)) arrived.push(next)
        searching.push(progress)
      }
    }
    return this.#settle(member.type, member.name, arrived, place.claim, searching)
  }

  /** Returns which of the container's rules reach a child resource of that name. */
  crossing(place: Place, memberName: string): ResourceCrossing {
    const types = new Set<string>()
    let always = false
    for (const { path, at } of place.below) {
      const step = present(path[at], 'the next step of a path')
      if (step.kind === 'children' || step.kind === 'descendants') always = true
      else if (step.kind === 'child') always ||= step.name === memberName
      else if (step.kind === 'search' && !step.nested) {
        if (step.by === 'type') types.add(step.name)
        else always ||= step.name === memberName
      }
    }
    return { always, types }
  }

  #settle(
    type: ElementType,
    name: string,
    arrived: Progress[],
    inherited: number,
    searching: readonly Progress[] = [],
  ): Place {
    let claim = inherited
    const below = [...searching]
    for (let progress = arrived.pop(); progress !== undefined; progress = arrived.pop()) {
      const step = progress.path[progress.at] as Step | undefined
      if (step === undefined) {
        if (claim === 0 || progress.rule < claim) claim = progress.rule
        continue
      }
      const next = advanced(progress)
      if (step.kind === 'type') {
        if (step.name === type.name) arrived.push(next)
        continue
      }
      if (step.kind === 'search' && step.nested && finds(step, name, type.name)) arrived.push(next)
      below.push(progress)
    }
    return this.#intern(type, claim, claim !== inherited, below)
  }

  #intern(type: ElementType, claim: number, claimsHere: boolean, below: readonly Progress[]): Place {
    // A rule after the claiming one has no effect below, except in child resources, which the claim does not enter.
    const live = below.filter(({ rule }) => claim === 0 || rule < claim || holdsResources(type))
    const distinct = [...new Map(live.map((progress) => [progress.id, progress])).values()]
    distinct.sort((a, b) => a.id - b.id)
    const key = `${type.id}|${claim}|${claimsHere}|${distinct.map(({ id }) => id).join(',')}`
    let place = this.#places.get(key)
    if (place === undefined) {
      place = { id: this.#places.size, type, claim, claimsHere, below: distinct }
      this.#places.set(key, place)
    }
    return place
  }
}

const finds = (step: Extract<Step, { kind: 'search' }>, name: string, typeName: string): boolean =>
  step.by === 'type' ? step.name === typeName : step.name === name

const resourceHolders = new WeakMap<ElementType, boolean>()

/** Whether a child resource can occur anywhere below an element of that type. */
export function holdsResources(type: ElementType): boolean {
  const known = resourceHolders.get(type)
  if (known !== undefined) return known
  resourceHolders.set(type, false)
  let holds = false
  if (!isPrimitive(type))
    for (const { type: child } of type.members.values())
      if (child.isResource || holdsResources(child)) holds = true
  resourceHolders.set(type, holds)
  return holds
}
