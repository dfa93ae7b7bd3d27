import { type ElementType, isPrimitive, type Member } from '../../fhir/elements.js'
import type { ElementFate, ElementFates } from './element-fates.js'
import { ExtensionOutcomes, type KeptInside } from './extension-outcomes.js'
import { type Outcome, outcomesOf, resourceOutcomes } from './outcomes.js'

/** A leaf of the element tree with what the rules make of it. */
export interface ExplainedLeaf {
  readonly resource: string
  /** FHIRPath from the resource, as a rule would name it: `Observation.value.ofType(Quantity).value`. */
  readonly path: string
  /** The members that lead to it from the resource. */
  readonly members: readonly Member[]
  /**
   * `value`: a primitive. `extension`: extensions with all that may be in them, as one leaf. `resource`: child resources.
   * `sibling`: the id or the extensions of a primitive.
   */
  readonly kind: 'value' | 'extension' | 'resource' | 'sibling'
  readonly type: string
  readonly outcomes: readonly Outcome[]
  /** For extensions: whether different values in them have different outcomes. */
  readonly isMixed: boolean
  /** For extensions: the kinds of values in them that may stay as they are. */
  readonly kept: readonly KeptInside[]
  /** For a child resource: the numbers of the container's rules that look into it. */
  readonly lookingInto: readonly number[]
  /** Whether its type already occurs above it: it is listed again because rules treat it differently at this depth. */
  readonly isDeeper: boolean
}

export interface LeafOptions {
  /** Path of an element whose extensions are listed value by value. */
  readonly open?: string | undefined
  /** Whether to list the id and the extensions of every primitive. */
  readonly hasAllSiblings?: boolean
  /** Elements that are passed over with all that is in them. */
  readonly passesOver?: (fate: ElementFate) => boolean
}

/** The leaves of all resource types under one configuration. */
export class LeafSurvey {
  readonly #fates: ElementFates
  readonly #inExtensions: ExtensionOutcomes

  constructor(fates: ElementFates) {
    this.#fates = fates
    this.#inExtensions = new ExtensionOutcomes(fates)
  }

  /**
   * Calls `visit` for each leaf of a resource type. Where a type occurs again below itself, the walk ends if the rules
   * treat it as they do above, and goes one level deeper if not. Extensions are one leaf, except below `open`. The id
   * and the extensions of a primitive follow its value; they are listed where values in them may stay though the
   * value's rule does not reach them.
   */
  visit(resource: ElementType, visit: (leaf: ExplainedLeaf) => void, options: LeafOptions = {}): void {
    const root = this.#fates.resource(resource)
    const above = { path: resource.name, members: [], fates: [root], isDeeper: false }
    this.#enter(root, above, { ...options, resource: resource.name, visit })
  }

  #enter(fate: ElementFate, above: Position, survey: Survey): void {
    for (const member of fate.type.members.values()) {
      const child = this.#fates.child(fate, member)
      if (!isPrimitive(member.type) && survey.passesOver?.(child)) continue
      const at: Position = {
        path: above.path + stepOf(member),
        members: [...above.members, member],
        fates: above.fates,
        isDeeper: above.isDeeper,
      }
      if (isLeaf(member) && !(member.type.name === 'Extension' && isOpen(at.path, survey.open)))
        this.#leaf(member, fate, at, survey)
      else {
        const same = above.fates.filter(({ type }) => type === member.type)
        if (same.includes(child)) continue
        const isDeeper = at.isDeeper || same.length > 0
        this.#enter(child, { ...at, fates: [...above.fates, child], isDeeper }, survey)
      }
    }
  }

  #leaf(member: Member, owner: ElementFate, at: Position, survey: Survey): void {
    const { resource, visit } = survey
    const child = this.#fates.child(owner, member)
    const { path, members, isDeeper } = at
    const { lookingInto } = child
    const facts = { resource, path, members, isDeeper, lookingInto, type: member.type.name }
    if (member.type.isResource)
      visit({ ...facts, kind: 'resource', outcomes: resourceOutcomes(child), isMixed: false, kept: [] })
    else if (member.type.name === 'Extension')
      visit({ ...facts, kind: 'extension', ...this.#inExtensions.of(child) })
    else {
      const outcomes = outcomesOf(child, this.#fates.leafFacts(owner.type, member))
      visit({ ...facts, kind: 'value', outcomes, isMixed: false, kept: [] })
      const siblings = survey.hasAllSiblings
        ? this.#inExtensions.siblings(child)
        : this.#inExtensions.siblingsLeft(child, outcomes)
      for (const { member: sibling, ...folded } of siblings)
        visit({
          ...facts,
          path: `${path}.${sibling.name}`,
          members: [...members, sibling],
          type: sibling.type.name,
          kind: 'sibling',
          ...folded,
        })
    }
  }
}

/** Where a survey is in the element tree. */
interface Position {
  readonly path: string
  readonly members: readonly Member[]
  /** Of this element and those above it. */
  readonly fates: readonly ElementFate[]
  readonly isDeeper: boolean
}

interface Survey extends LeafOptions {
  readonly resource: string
  readonly visit: (leaf: ExplainedLeaf) => void
}

const isLeaf = ({ type }: Member): boolean =>
  isPrimitive(type) || type.isResource || type.name === 'Extension'

const isOpen = (path: string, open: string | undefined): boolean =>
  open !== undefined && (path === open || path.startsWith(`${open}.`) || open.startsWith(`${path}.`))

/** A choice element needs its type in a path. */
const stepOf = ({ key, name, type }: Member): string =>
  key === name ? `.${name}` : `.${name}.ofType(${type.name})`
