import { parseMoment } from '../../../fhir/dates.js'
import { type ElementTree, type ElementType, isPrimitive } from '../../../fhir/elements.js'
import type { Binary, Call, Expression, Literal, MemberStep } from '../../expression/expression.js'
import { print } from '../../expression/print.js'
import type { RulePath } from '../../path/rule-path.js'
import { listed } from '../elements/name-list.js'
import { concrete, isRoot, type Place, placesNamed, rootPlace, searchedBelow } from '../elements/place.js'
import { type FaultFacts, Faults } from './faults.js'
import { isNothing, NEVER, NOTHING, nodes, type Outcome, UNKNOWN, value } from './outcome.js'

/** The context in which an expression is judged, as in `rules/evaluate/evaluate.ts`. */
export interface Frame {
  readonly focus: Outcome
  readonly self: Outcome
  readonly isCondition: boolean
  /** Whether it is inside `aggregate()`, which defines `$total`. */
  readonly hasTotal?: boolean | undefined
}

/** Judges functions and binary operators (`calls.ts`, `binary.ts`, which need the judge themselves). */
export interface Operations {
  call(judge: Judge, call: Call, input: Outcome, frame: Frame): Outcome
  binary(judge: Judge, expression: Binary, frame: Frame): Outcome
}

/** Returns a path as one expression, including `nodesByType('T').x`, which is looked up in an index. */
export function expressionOf({ form }: RulePath): Expression {
  if (form.kind === 'expression') return form.expression
  if (form.kind === 'resource') return { op: 'this' }
  const name = form.kind === 'byType' ? 'nodesByType' : 'nodesByName'
  const input: Expression = {
    op: 'call',
    name,
    args: [{ op: 'literal', kind: 'string', text: form.name }],
  }
  return form.step === undefined ? input : { op: 'member', name: form.step, delimited: false, input }
}

/** Evaluates expressions on kinds of nodes instead of nodes, and collects their faults. */
export class Judge {
  readonly #root: Place

  readonly #faults: Faults
  readonly #operations: Operations

  constructor(
    readonly tree: ElementTree,
    resource: ElementType,
    faults: Faults,
    /** Looks up `nodesBy…` at the start of a path in the index of the resource. */
    readonly isIndexed: boolean,
    operations: Operations,
  ) {
    this.#faults = faults
    this.#operations = operations
    this.#root = rootPlace(resource)
  }

  judge(expression: Expression): Outcome {
    const self = nodes([this.#root])
    return this.run(expression, { focus: self, self, isCondition: false })
  }

  run(expression: Expression, frame: Frame): Outcome {
    switch (expression.op) {
      case 'literal':
        return this.#literal(expression, frame)
      case 'empty':
        return NOTHING
      case 'this':
        return frame.self
      case 'index':
        return value('number')
      case 'total':
        if (frame.hasTotal !== true)
          this.note(expression, frame, { kind: 'fails', text: 'it is known in aggregate() only', places: [] })
        return UNKNOWN
      case 'variable':
        return this.#variable(expression, frame)
      case 'member':
        return this.member(expression, this.#input(expression.input, frame), frame)
      case 'call':
        return this.#operations.call(this, expression, this.#input(expression.input, frame), frame)
      case 'at':
        return this.#at(expression, frame)
      case 'type':
        return this.typed(
          expression,
          { operator: expression.operator, typeName: expression.type },
          this.run(expression.input, frame),
          frame,
        )
      case 'sign': {
        const input = this.run(expression.input, frame)
        if (isNothing(input) || !this.needsValue(expression, input, frame)) return NOTHING
        this.note(expression, frame, undefined)
        return value('number')
      }
      case 'binary':
        return this.#operations.binary(this, expression, frame)
    }
  }

  #literal(expression: Literal, frame: Frame): Outcome {
    const { kind, text } = expression
    if ((kind === 'date' || kind === 'dateTime') && parseMoment(text, 'dateTime') === undefined)
      this.note(expression, frame, { kind: 'fails', text: 'it is not a valid date', places: [] })
    return literal(expression)
  }

  #input(input: Expression | undefined, frame: Frame): Outcome {
    return input === undefined ? frame.focus : this.run(input, frame)
  }

  /** Records a fault, or with `undefined` that there is none. */
  note(expression: Expression, frame: Frame, fault: FaultFacts | undefined): void {
    if (fault === undefined) this.#faults.passed(expression)
    else this.#faults.add({ ...fault, expression, isInCondition: frame.isCondition })
  }

  #at(expression: Extract<Expression, { op: 'at' }>, frame: Frame): Outcome {
    const { position } = expression
    if (position.op === 'sign' && position.negative) {
      const text = 'an index counts from 0, so a negative one selects nothing'
      this.note(expression, frame, { kind: 'condition', text, places: [] })
      return NOTHING
    }
    this.needsInteger(expression, position, frame)
    return this.run(expression.input, frame)
  }

  /** Judges an index or a count, which fails if it is not an integer. */
  needsInteger(expression: Expression, position: Expression, frame: Frame): void {
    // Faults inside the index do not matter if it is not a valid index at all.
    const apart = new Judge(this.tree, this.#root.type, new Faults(), this.isIndexed, this.#operations)
    const { places, values } = apart.run(position, frame)
    const isNumber = values === undefined || places === undefined || values.has('number')
    const isWhole = position.op !== 'literal' || position.kind === 'integer'
    const text = 'the index or count must be an integer'
    this.note(expression, frame, isNumber && isWhole ? undefined : { kind: 'fails', text, places: [] })
  }

  /** Judges the input of a function on values, which fails on elements that are not primitive. */
  needsValue(expression: Expression, { places, values }: Outcome, frame: Frame): boolean {
    const isFine =
      places === undefined ||
      values === undefined ||
      values.size > 0 ||
      places.some(({ type }) => type.jsonKind !== 'object')
    const text = 'it takes a value, not a complex element'
    if (!isFine) this.note(expression, frame, { kind: 'fails', text, places: places ?? [] })
    return isFine
  }

  /** Returns the fault of an element of which some kinds make an operation fail; undefined if none does. */
  partlyFails({ places }: Outcome): FaultFacts | undefined {
    const complex = places?.filter(({ type }) => type.jsonKind === 'object') ?? []
    if (places === undefined || complex.length === 0) return undefined
    const text = `it fails where the element is ${listed([...new Set(complex.map(({ type }) => type.name))])}`
    return { kind: 'partly-fails', text, places }
  }

  /** A text or a number used as a condition counts as true. */
  needsCondition(expression: Expression, { texts }: Outcome, frame: Frame): void {
    const isNumber = expression.op === 'literal' && /^(?:integer|decimal)$/.test(expression.kind)
    if (texts === undefined && !isNumber) return
    const text = `${print(expression)} alone is not a condition: it always holds`
    this.note(expression, frame, { kind: 'pointless', text, places: [] })
  }

  #variable(expression: Extract<Expression, { op: 'variable' }>, frame: Frame): Outcome {
    const { name } = expression
    // In a case of generalize, the root is a value, without access to its resource.
    const isInResource = !isPrimitive(this.#root.type)
    if (name === 'context' || (name === 'resource' && isInResource)) return nodes([this.#root])
    if (name === 'rootResource' && isInResource) return { ...UNKNOWN, values: new Set() }
    if (/^(?:sct|loinc|ucum|vs-.*|ext-.*)$/.test(name)) return value('string')
    this.note(expression, frame, { kind: 'fails', text: `%${name} is not known`, places: [] })
    return NOTHING
  }

  /** Judges a step: children of a name, or a test of the type for a capitalized name. */
  member(expression: MemberStep, input: Outcome, frame: Frame): Outcome {
    const { places } = input
    const { name, delimited } = expression
    if (places === undefined) return { ...UNKNOWN, values: new Set() }
    if (places.length === 0) return NOTHING
    const found = /^[A-Z]/.test(name)
      ? this.#ofTypeName(places, name)
      : delimited && name.endsWith('*')
        ? this.children(places, (own) => own.startsWith(name.slice(0, -1)))
        : this.childrenNamed(places, name)
    this.note(expression, frame, found.length > 0 ? undefined : { kind: 'element', text: name, places })
    return nodes(found)
  }

  #ofTypeName(places: readonly Place[], name: string): readonly Place[] {
    if (name === 'Resource' || name === 'DomainResource') return places
    return this.ofType(places, name)
  }

  childrenNamed(places: readonly Place[], name: string): Place[] {
    return placesNamed(places, name, this.tree).map(({ place }) => place)
  }

  children(places: readonly Place[], fits: (name: string) => boolean): Place[] {
    return places.flatMap((parent) =>
      concrete(parent.type, this.tree).flatMap((type) =>
        [...type.members.values()]
          .filter(({ name }) => fits(name))
          .map((member) => ({ type: member.type, name: member.name, parent, floating: parent.floating })),
      ),
    )
  }

  ofType(places: readonly Place[], typeName: string): readonly Place[] {
    const name = typeName.replace(/^FHIR\./, '')
    return places.flatMap((place) =>
      concrete(place.type, this.tree)
        .filter((type) => type.name === name)
        .map((type) => (type === place.type ? place : { ...place, type })),
    )
  }

  /** `is`, `as` and `ofType`. */
  typed(
    expression: Expression & { op: 'type' | 'call' },
    asked: { readonly operator: 'is' | 'as'; readonly typeName: string },
    input: Outcome,
    frame: Frame,
  ): Outcome {
    const { operator, typeName } = asked
    if (isNothing(input)) return NOTHING
    const { places, values } = input
    if (places === undefined || values === undefined || values.size > 0)
      return operator === 'is' ? value('boolean') : UNKNOWN
    const found = this.ofType(places, typeName)
    this.note(expression, frame, found.length > 0 ? undefined : { kind: 'type', text: typeName, places })
    if (operator === 'as') return nodes(found)
    return found.length > 0 ? value('boolean') : NEVER
  }

  /** Judges `nodesByType` and `nodesByName`, from the index or as a function. */
  search(expression: Expression & { op: 'call' }, input: Outcome, frame: Frame): Outcome {
    const [argument] = expression.args
    const { places } = input
    if (argument?.op !== 'literal' || argument.kind !== 'string') {
      this.note(expression, frame, { kind: 'argument', text: expression.name, places: places ?? [] })
      return NOTHING
    }
    if (places === undefined) return { ...UNKNOWN, values: new Set() }
    if (places.length === 0) return NOTHING
    const byType = expression.name === 'nodesByType'
    const found = this.#searched(places, byType, argument.text)
    this.note(
      expression,
      frame,
      found.length > 0 ? undefined : { kind: byType ? 'type' : 'element', text: argument.text, places },
    )
    return nodes(found)
  }

  /** The function finds the items themselves but no child resources; the index does the reverse. */
  #searched(places: readonly Place[], byType: boolean, wanted: string): readonly Place[] {
    const roots = [...new Set(places.flatMap(({ type }) => concrete(type, this.tree)))]
    const by = { byType, wanted, isIndexed: this.isIndexed }
    const [first] = roots
    const below =
      first !== undefined && roots.length === 1
        ? searchedBelow(first, by, this.tree)
        : [...new Set(roots.flatMap((root) => searchedBelow(root, by, this.tree)))]
    if (this.isIndexed) return below
    const own = places.filter((place) =>
      byType ? place.type.name === wanted : place.name === wanted || isChild(place, wanted),
    )
    return own.length === 0 ? below : [...own, ...below]
  }
}

// A child resource has its turn as a root, under the name it has in its parent.
const CHILD_NAMES = new Set(['contained', 'resource', 'outcome', 'issues'])

const isChild = (place: Place, name: string): boolean => isRoot(place) && CHILD_NAMES.has(name)

function literal({ kind, text }: Literal): Outcome {
  switch (kind) {
    case 'string':
    case 'type':
      return value('string', [text])
    case 'boolean':
      return text === 'true' ? value('boolean') : NEVER
    case 'integer':
    case 'decimal':
      return value('number')
    case 'quantity':
      return value('quantity')
    default:
      return value('moment')
  }
}
