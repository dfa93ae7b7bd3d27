import { type ElementType, isPrimitive, type Member } from '../../fhir/elements.js'
import type { Step, StepPath } from './steps.js'

/** A rule on its way down: `path[at]` is the step to take from here. */
interface Progress {
  /** Distinct for each rule, path and position. */
  readonly id: number
  readonly rule: number
  readonly path: StepPath
  readonly at: number
}

/** One step further on the same path. */
const advanced = ({ id, rule, path, at }: Progress): Progress => ({ id: id + 1, rule, path, at: at + 1 })

/**
 * Where the rules stand at an element (law 3.3): which one has it, and which may still match below. Equal places
 * are one object.
 */
export interface Place {
  readonly id: number
  readonly type: ElementType
  /** The rule that takes the element: the smallest number that matched on the way down; 0 for none. */
  readonly claim: number
  /** The claim began here, not further up. */
  readonly claimsHere: boolean
  readonly below: readonly Progress[]
}

/** What a child resource means to the container's rules: none of them reaches it, or some do. */
export interface ResourceCrossing {
  readonly always: boolean
  /** Types of child resource that the container's rules reach. */
  readonly types: ReadonlySet<string>
}

/** The automaton over all plain paths of one resource type's rules. Places are made when first asked for. */
export class Automaton {
  private readonly places = new Map<string, Place>()
  private readonly first: readonly Progress[]

  /** `paths` are the rules that apply, by number. */
  constructor(paths: ReadonlyMap<number, readonly StepPath[]>) {
    const first: Progress[] = []
    let id = 0
    for (const [rule, alternatives] of paths)
      for (const path of alternatives) {
        first.push({ id, rule, path, at: 0 })
        id += path.length + 1
      }
    this.first = first
  }

  /** The place of the resource itself; `name` is its own as an element, '' for the root. */
  start(type: ElementType, name: string): Place {
    return this.settle(type, name, [...this.first], 0)
  }

  /** The place of an element's child that is no resource. */
  child(place: Place, member: Member): Place {
    const arrived: Progress[] = []
    const searching: Progress[] = []
    for (const progress of place.below) {
      const step = progress.path[progress.at]
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
    return this.settle(member.type, member.name, arrived, place.claim, searching)
  }

  /** Which rules of the container's reach a child resource under that name. */
  crossing(place: Place, memberName: string): ResourceCrossing {
    const types = new Set<string>()
    let always = false
    for (const { path, at } of place.below) {
      const step = path[at]
      if (step.kind === 'children' || step.kind === 'descendants') always = true
      else if (step.kind === 'child') always ||= step.name === memberName
      else if (step.kind === 'search' && !step.nested) {
        if (step.by === 'type') types.add(step.name)
        else always ||= step.name === memberName
      }
    }
    return { always, types }
  }

  private settle(
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
    return this.intern(type, claim, claim !== inherited, below)
  }

  private intern(type: ElementType, claim: number, claimsHere: boolean, below: readonly Progress[]): Place {
    // A rule behind the claim has no say below, except in child resources, which the claim does not enter.
    const live = below.filter(({ rule }) => claim === 0 || rule < claim || holdsResources(type))
    const distinct = [...new Map(live.map((progress) => [progress.id, progress])).values()]
    distinct.sort((a, b) => a.id - b.id)
    const key = `${type.id}|${claim}|${claimsHere}|${distinct.map(({ id }) => id).join(',')}`
    let place = this.places.get(key)
    if (place === undefined) {
      place = { id: this.places.size, type, claim, claimsHere, below: distinct }
      this.places.set(key, place)
    }
    return place
  }
}

const finds = (step: Extract<Step, { kind: 'search' }>, name: string, typeName: string): boolean =>
  step.by === 'type' ? step.name === typeName : step.name === name

const resourceHolders = new WeakMap<ElementType, boolean>()

/** Whether a child resource can stand somewhere below an element of that type. */
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
