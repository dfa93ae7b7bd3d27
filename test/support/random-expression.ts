import { type ElementTree, type ElementType, isPrimitive, type Member } from '../../src/fhir/elements.js'
import { FUNCTIONS } from '../../src/rules/evaluate/functions/functions.js'
import type { ArgumentKind, FunctionRow } from '../../src/rules/evaluate/functions/row.js'
import type { Expression, LiteralKind } from '../../src/rules/expression/expression.js'
import type { Random } from './random.js'

/** What a random expression is meant to give; most do. */
export type Meant = 'elements' | 'string' | 'number' | 'boolean'

interface Made {
  readonly expression: Expression
  /** The type of the elements it gives, where it gives elements of one type. */
  readonly type?: ElementType | undefined
}

const LITERALS: Readonly<
  Record<'string' | 'number' | 'boolean', readonly (readonly [LiteralKind, string])[]>
> = {
  string: [
    ['string', 'a'],
    ['string', ''],
    ['string', 'official'],
    ['string', '12'],
    ['string', 'Ä x'],
    ['string', 'hex'],
    ['string', 'true'],
    ['string', '2015-02-07'],
  ],
  number: [
    ['integer', '0'],
    ['integer', '1'],
    ['integer', '2'],
    ['integer', '7'],
    ['decimal', '1.5'],
    ['decimal', '2.0'],
  ],
  boolean: [
    ['boolean', 'true'],
    ['boolean', 'false'],
  ],
}

const PATTERNS = ['a', '^A', '[a-z]+', 'x$', '(o|e)', '\\d']
const TYPES = ['string', 'code', 'Quantity', 'HumanName', 'dateTime', 'Coding', 'decimal', 'Reference']

/** Random expressions over resources of one type, out of every operator and every function of the table. */
export class RandomExpressions {
  readonly #random: Random
  readonly #functions: readonly (readonly [name: string, row: FunctionRow])[]

  /** `without`: functions that are left out. */
  constructor(
    random: Random,
    readonly tree: ElementTree,
    without: ReadonlySet<string>,
  ) {
    this.#random = random
    this.#functions = [...FUNCTIONS].filter(([name]) => !without.has(name))
  }

  next(focus: ElementType): Expression {
    const meant = this.#random.pick(['elements', 'elements', 'string', 'number', 'boolean'] as const)
    return this.#make(meant, focus, 3).expression
  }

  #make(meant: Meant, focus: ElementType, depth: number): Made {
    if (meant === 'elements') return this.#elements(focus, depth)
    return { expression: depth <= 0 ? this.#leaf(meant, focus) : this.#value(meant, focus, depth) }
  }

  /** A path, with functions that select from what it reaches. */
  #elements(focus: ElementType, depth: number): Made {
    const made = this.#path(focus)
    if (depth <= 0 || this.#random.chance(0.4)) return made
    if (this.#random.chance(0.15)) {
      const other = this.#elements(focus, depth - 1)
      return { expression: this.#binary('|', made.expression, other.expression) }
    }
    if (this.#random.chance(0.15))
      return { ...made, expression: { op: 'at', input: made.expression, position: this.#literal('number') } }
    const [name, row] = this.#random.pick(
      this.#functions.filter(
        ([, { takes, gives }]) => takes === 'anything' && !/^(?:boolean|number)/.test(gives),
      ),
    )
    const args = this.#args(row, made.type ?? focus, focus, depth - 1)
    const keepsType = /^input/.test(row.gives)
    return {
      expression: { op: 'call', name, args, input: made.expression },
      type: keepsType ? made.type : undefined,
    }
  }

  #path(focus: ElementType): Made {
    let expression: Expression | undefined
    let type: ElementType | undefined = focus
    for (let left = this.#random.between(1, 3); left > 0 && type !== undefined; left--) {
      const members: readonly Member[] = [...type.members.values()].filter(
        ({ name }) => !/^(?:contained|extension)$/.test(name),
      )
      if (members.length === 0) break
      // Those that data has, more often than others.
      const usual = members.filter(({ name }) => USUAL.has(name))
      const member = this.#random.pick(usual.length > 0 && this.#random.chance(0.85) ? usual : members)
      expression = { op: 'member', name: member.name, delimited: false, input: expression }
      const typeCount = new Set(members.filter(({ name }) => name === member.name).map((one) => one.type))
        .size
      type = typeCount > 1 || member.type === this.tree.anyResource ? undefined : member.type
    }
    return { expression: expression ?? { op: 'this' }, type }
  }

  #value(meant: Exclude<Meant, 'elements'>, focus: ElementType, depth: number): Expression {
    const random = this.#random
    if (random.chance(0.2)) return this.#leaf(meant, focus)
    if (random.chance(0.45)) return this.#operation(meant, focus, depth - 1)
    const fitting = this.#functions.filter(
      ([, { gives }]) => gives.startsWith(meant) || gives === 'one of two branches',
    )
    const [name, row] = random.pick(fitting)
    const input = this.#input(row, focus, depth - 1)
    const args = this.#args(row, input.type ?? focus, focus, depth - 1)
    return { op: 'call', name, args, input: input.expression }
  }

  #input({ takes }: FunctionRow, focus: ElementType, depth: number): Made {
    if (takes === 'string' || takes === 'number') {
      const expression = this.#make(takes, focus, depth).expression
      return { expression }
    }
    if (takes === 'value')
      return this.#make(this.#random.pick(['string', 'number', 'boolean'] as const), focus, depth)
    return this.#make(
      this.#random.pick(['elements', 'elements', 'string', 'number', 'boolean'] as const),
      focus,
      depth,
    )
  }

  #args(row: FunctionRow, item: ElementType, focus: ElementType, depth: number): readonly Expression[] {
    const least = row.args.length - (row.optional ?? 0)
    const count = this.#random.between(least, row.args.length)
    return row.args.slice(0, count).map((kind) => this.#argument(kind, item, focus, depth))
  }

  #argument(kind: ArgumentKind, item: ElementType, focus: ElementType, depth: number): Expression {
    const random = this.#random
    switch (kind) {
      case 'condition':
        return this.#make('boolean', item, depth).expression
      case 'projection':
        return this.#make(random.pick(['elements', 'string'] as const), item, depth).expression
      case 'branch':
        return this.#make(random.pick(['boolean', 'string'] as const), item, depth).expression
      case 'collection':
        return this.#make(random.pick(['elements', 'string', 'number'] as const), focus, depth).expression
      case 'count':
        return random.chance(0.8) ? this.#literal('number') : this.#make('number', focus, depth).expression
      case 'number':
      case 'text':
        return this.#make(kind === 'text' ? 'string' : 'number', focus, depth).expression
      case 'pattern':
        return { op: 'literal', kind: 'string', text: random.pick(PATTERNS) }
      case 'type':
        return { op: 'literal', kind: 'type', text: random.pick([item.name, ...TYPES]) }
      case 'name':
        return { op: 'literal', kind: 'string', text: random.pick(TYPES) }
    }
  }

  #operation(meant: 'string' | 'number' | 'boolean', focus: ElementType, depth: number): Expression {
    const random = this.#random
    const of = (kind: Meant): Expression => this.#make(kind, focus, depth).expression
    if (meant === 'string') return this.#binary(random.pick(['+', '&']), of('string'), of('string'))
    if (meant === 'number') {
      if (random.chance(0.1)) return { op: 'sign', negative: random.chance(0.7), input: of('number') }
      return this.#binary(random.pick(['+', '-', '*', '/', 'div', 'mod']), of('number'), of('number'))
    }
    const roll = random.below(10)
    if (roll < 3)
      return this.#binary(random.pick(['and', 'or', 'xor', 'implies']), of('boolean'), of('boolean'))
    if (roll < 5) {
      const kind = random.pick(['string', 'number', 'boolean', 'elements'] as const)
      return this.#binary(random.pick(['=', '!=', '~', '!~']), of(kind), of(kind))
    }
    if (roll < 7) {
      const kind = random.pick(['string', 'number'] as const)
      return this.#binary(random.pick(['<', '<=', '>', '>=']), of(kind), of(kind))
    }
    if (roll < 9) return this.#binary(random.pick(['in', 'contains']), of('string'), of('string'))
    return { op: 'type', operator: 'is', input: of('elements'), type: random.pick(TYPES) }
  }

  #leaf(meant: 'string' | 'number' | 'boolean', focus: ElementType): Expression {
    const kinds = { string: 'string', number: 'number', boolean: 'boolean' } as const
    const fitting = [...focus.members.values()].filter(
      ({ type, cardinality }) => isPrimitive(type) && type.jsonKind === kinds[meant] && cardinality === 'one',
    )
    if (fitting.length > 0 && this.#random.chance(0.5)) {
      const { name } = this.#random.pick(fitting)
      return { op: 'member', name, delimited: false, input: undefined }
    }
    return this.#random.chance(0.05) ? { op: 'empty' } : this.#literal(meant)
  }

  #literal(meant: 'string' | 'number' | 'boolean'): Expression {
    const [kind, text] = this.#random.pick(LITERALS[meant])
    return { op: 'literal', kind, text }
  }

  #binary(operator: string, left: Expression, right: Expression): Expression {
    return { op: 'binary', operator, left, right }
  }
}

/** Elements that made-up resources have. */
const USUAL = new Set(
  'id meta profile name use family given telecom system value birthDate gender address line city state postalCode country identifier type coding code display text status category subject reference effective issued unit encounter class period start end participant individual note valueQuantity component multipleBirth deceased maritalStatus contact communication language recordedDate onset clinicalStatus performer lastUpdated'.split(
    ' ',
  ),
)
