import type { ElementTree, ElementType, Member } from '../../fhir/elements.js'
import type { Expression } from '../expression.js'
import type { RulePath } from '../path.js'

/** A kind of node that a rule can reach: an element under a parent, or a resource. */
export interface Place {
  readonly type: ElementType
  /** Element name; '' for a resource that is looked at, and where only the type is known. */
  readonly name: string
  readonly parent?: Place
  /** Somewhere below a resource, at no known depth. */
  readonly floating: boolean
}

/** The step after which nothing is left, with what could have stood there. */
export interface DeadEnd {
  readonly step: string
  readonly kind: 'element' | 'type'
  readonly candidates: ReadonlySet<string>
}

/** What a path reaches on one resource type; `undefined` places: not to be told without data. */
export interface Reach {
  readonly places: readonly Place[] | undefined
  readonly deadEnd?: DeadEnd
}

const OPEN: Reach = { places: undefined }

/** Functions that select among their input and change nothing about what kind of node it is. */
const SELECTING = new Set(
  'where first last single tail skip take distinct exclude intersect trace'.split(' '),
)

/** What a rule's path reaches on resources of one type, by the element tree alone. */
export function reach(path: RulePath, resource: ElementType, tree: ElementTree): Reach {
  const root: Place = { type: resource, name: '', floating: false }
  const { form } = path
  if (form.kind === 'resource') return { places: [root] }
  const walker = new Walker(tree)
  if (form.kind === 'expression') return walker.walk(form.expression, [root])
  const hits = walker.below([root], form.kind, form.name)
  return form.step === undefined || hits.places === undefined ? hits : walker.step(hits.places, form.step)
}

class Walker {
  constructor(private readonly tree: ElementTree) {}

  walk(expression: Expression, focus: readonly Place[]): Reach {
    switch (expression.op) {
      case 'this':
        return { places: focus }
      case 'empty':
        return { places: [] }
      case 'at':
        return this.walk(expression.input, focus)
      case 'member':
        return this.after(expression.input, focus, (places) => this.member(places, expression))
      case 'type':
        return expression.operator === 'is'
          ? OPEN
          : this.after(expression.input, focus, (places) => this.ofType(places, expression.type))
      case 'binary':
        return expression.operator === '|'
          ? union(this.walk(expression.left, focus), this.walk(expression.right, focus))
          : OPEN
      case 'call':
        return this.after(expression.input, focus, (places) => this.call(places, expression))
      default:
        return OPEN
    }
  }

  private after(
    input: Expression | undefined,
    focus: readonly Place[],
    next: (places: readonly Place[]) => Reach,
  ): Reach {
    const before: Reach = input === undefined ? { places: focus } : this.walk(input, focus)
    return before.places === undefined || before.places.length === 0 ? before : next(before.places)
  }

  private call(places: readonly Place[], call: Expression & { op: 'call' }): Reach {
    const [argument] = call.args
    if (SELECTING.has(call.name)) return { places }
    if (call.name === 'extension') return this.step(places, 'extension')
    if ((call.name === 'ofType' || call.name === 'as') && argument.op === 'literal')
      return this.ofType(places, argument.text)
    if ((call.name === 'nodesByType' || call.name === 'nodesByName') && argument.op === 'literal')
      return this.below(places, call.name === 'nodesByType' ? 'byType' : 'byName', argument.text)
    if (call.name === 'select') return this.walk(argument, places)
    if (call.name === 'union' || call.name === 'combine')
      return union({ places }, this.walk(argument, places))
    return OPEN
  }

  private member(places: readonly Place[], member: Expression & { op: 'member' }): Reach {
    const { name } = member
    const typeStep = /^[A-Z]/.test(name)
      ? places.filter(
          ({ type }) =>
            type.name === name || (type.isResource && (name === 'Resource' || name === 'DomainResource')),
        )
      : []
    if (typeStep.length > 0) return { places: typeStep }
    const ofChildResource =
      /^[A-Z]/.test(name) && places.some(({ type }) => type === this.tree.anyResource)
        ? this.tree.resources.get(name)
        : undefined
    if (ofChildResource !== undefined)
      return { places: places.map((place) => ({ ...place, type: ofChildResource })) }
    if (member.delimited && name.endsWith('*')) return OPEN
    return this.step(places, name)
  }

  step(places: readonly Place[], name: string): Reach {
    const found: Place[] = []
    for (const parent of places)
      for (const type of this.concrete(parent.type))
        for (const member of membersNamed(type, name))
          found.push({ type: member.type, name, parent, floating: parent.floating })
    if (found.length > 0) return { places: found }
    const types = places.flatMap(({ type }) => this.concrete(type))
    return { places: [], deadEnd: { step: name, kind: 'element', candidates: memberNames(types) } }
  }

  private ofType(places: readonly Place[], typeName: string): Reach {
    const name = typeName.replace(/^(?:FHIR|System)\./, '')
    const found = places.flatMap((place) =>
      this.concrete(place.type)
        .filter((type) => type.name === name)
        .map((type) => ({ ...place, type })),
    )
    const candidates = new Set(places.flatMap(({ type }) => this.concrete(type).map((one) => one.name)))
    return found.length > 0
      ? { places: found }
      : { places: [], deadEnd: { step: name, kind: 'type', candidates } }
  }

  /** All that the index or `nodesByType`/`nodesByName` can find at or below the places. */
  below(places: readonly Place[], kind: 'byType' | 'byName', name: string): Reach {
    const found: Place[] = []
    const types = this.typesBelow(places)
    for (const type of types) {
      if (kind === 'byName') {
        const parent: Place = { type, name: '', floating: true }
        for (const member of membersNamed(type, name))
          found.push({ type: member.type, name, floating: true, parent })
      } else if (type.name === name) found.push({ type, name: '', floating: true })
    }
    if (found.length > 0) return { places: found }
    const deadEnd: DeadEnd =
      kind === 'byType'
        ? { step: name, kind: 'type', candidates: new Set([...types].map((type) => type.name)) }
        : { step: name, kind: 'element', candidates: memberNames(types) }
    return { places: [], deadEnd }
  }

  private typesBelow(places: readonly Place[]): ReadonlySet<ElementType> {
    const roots = new Set(places.flatMap(({ type }) => this.concrete(type)))
    const sets = [...roots].map((root) => closureOf(root, this.tree))
    return sets.length === 1 ? sets[0] : new Set(sets.flatMap((set) => [...set]))
  }

  private concrete(type: ElementType): readonly ElementType[] {
    return type === this.tree.anyResource ? [...this.tree.resources.values()] : [type]
  }
}

// Trees live as long as the process; what is derived from their types is found once.
const closures = new WeakMap<ElementType, ReadonlySet<ElementType>>()
const namedMembers = new WeakMap<ElementType, ReadonlyMap<string, readonly Member[]>>()

/** The type and all types below it; child resources are in it, their insides are not. */
function closureOf(root: ElementType, tree: ElementTree): ReadonlySet<ElementType> {
  const known = closures.get(root)
  if (known !== undefined) return known
  const seen = new Set<ElementType>()
  const visit = (type: ElementType): void => {
    if (seen.has(type)) return
    seen.add(type)
    for (const member of type.members.values())
      if (member.type === tree.anyResource) for (const resource of tree.resources.values()) seen.add(resource)
      else visit(member.type)
  }
  visit(root)
  closures.set(root, seen)
  return seen
}

/** A choice element has a member for each of its types. */
function membersNamed(type: ElementType, name: string): readonly Member[] {
  let byName = namedMembers.get(type)
  if (byName === undefined) {
    const lists = new Map<string, Member[]>()
    for (const member of type.members.values()) {
      const list = lists.get(member.name)
      if (list === undefined) lists.set(member.name, [member])
      else list.push(member)
    }
    byName = lists
    namedMembers.set(type, byName)
  }
  return byName.get(name) ?? []
}

const memberNames = (types: Iterable<ElementType>): ReadonlySet<string> =>
  new Set([...types].flatMap((type) => [...type.members.values()].map((member) => member.name)))

function union(left: Reach, right: Reach): Reach {
  if (left.places === undefined || right.places === undefined) return OPEN
  return { places: [...left.places, ...right.places], deadEnd: left.deadEnd ?? right.deadEnd }
}
