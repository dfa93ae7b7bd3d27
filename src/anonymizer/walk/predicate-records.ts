import { isPrimitive } from '../../fhir/elements.js'
import type {
  Branch,
  Criterion,
  Mode,
  Predicate,
  Target,
  Test,
  Truth,
} from '../../rules/automaton/predicates/predicate.js'

/** Memory of the module for records. `allocate` returns zeroed bytes, or 0 if there is no room. */
export interface RecordMemory {
  allocate(byteCount: number): number
  readonly bytes: Buffer
  readonly view: DataView
}

/** Writes predicates as the records that `assembly/predicate-records.ts` describes. */
export class PredicateRecords {
  readonly #memory: RecordMemory
  readonly #numberOf: (criterion: Criterion) => number
  readonly #known = new Map<Predicate, number>()

  /** `numberOf` gives the number by which the module asks for a criterion. */
  constructor(memory: RecordMemory, numberOf: (criterion: Criterion) => number) {
    this.#memory = memory
    this.#numberOf = numberOf
  }

  /** Returns the address of a predicate; 0 if it is too large or there is no room. */
  write(predicate: Predicate): number {
    const known = this.#known.get(predicate)
    if (known !== undefined) return known
    const at = depthOf(predicate) > MAX_DEPTH ? 0 : this.#predicate(predicate)
    this.#known.set(predicate, at)
    return at
  }

  #predicate(predicate: Predicate): number {
    switch (predicate.kind) {
      case 'constant':
        return this.#record(KINDS.constant, TRUTHS[predicate.truth], [])
      case 'criterion': {
        const at = this.#record(KINDS.criterion, 0, [])
        if (at !== 0) this.#memory.view.setUint32(at + 4, this.#numberOf(predicate), true)
        return at
      }
      case 'not':
        return this.#record(KINDS.not, 0, [this.#predicate(predicate.of)])
      case 'items':
        return this.#record(KINDS.items, MODES[predicate.mode], [this.#target(predicate.target)])
      default:
        return this.#record(KINDS[predicate.kind], 0, [
          this.#predicate(predicate.left),
          this.#predicate(predicate.right),
        ])
    }
  }

  #record(kind: number, detail: number, operands: readonly number[]): number {
    const at = operands.includes(0) ? 0 : this.#memory.allocate(PREDICATE_BYTES)
    if (at === 0) return 0
    const { view } = this.#memory
    view.setUint8(at, kind)
    view.setUint8(at + 1, detail)
    operands.forEach((operand, k) => {
      view.setUint32(at + 4 + k * 4, operand, true)
    })
    return at
  }

  #target({ filters, goal }: Target): number {
    const filtersAt = filters.map((filter) => this.#predicate(filter))
    const parts = this.#partsOf(goal)
    const at =
      parts === undefined || filtersAt.includes(0)
        ? 0
        : this.#memory.allocate(FILTERS_AT + filters.length * 4)
    if (at === 0 || parts === undefined) return 0
    const { view } = this.#memory
    view.setUint8(at, GOALS[goal.kind])
    view.setUint8(at + 1, detailOf(goal))
    view.setUint16(at + 2, filters.length, true)
    view.setInt32(at + 4, parts.value, true)
    view.setUint32(at + 8, parts.count, true)
    filtersAt.forEach((filterAt, k) => {
      view.setUint32(at + FILTERS_AT + k * 4, filterAt, true)
    })
    return at
  }

  /** Returns what a goal refers to, an address or a number; undefined without room. */
  #partsOf(goal: Target['goal']): Parts | undefined {
    switch (goal.kind) {
      case 'members':
        return addressed(this.#members(goal.members), goal.members.length)
      case 'texts': {
        const texts = goal.texts.filter(isWrittenPlainly)
        return addressed(this.#texts(texts), texts.length)
      }
      case 'starts':
      case 'ends':
      case 'contains':
        return addressed(this.#texts([goal.text]), 1)
      case 'predicate':
        return addressed(this.#predicate(goal.predicate), 1)
      case 'integer':
      case 'order':
        return { value: goal.value, count: 0 }
      default:
        return NO_PARTS
    }
  }

  #members(members: readonly Branch[]): number {
    if (members.length > MAX_MEMBERS) return 0
    const entries = members.map((branch) => this.#member(branch))
    const at = entries.includes(undefined) ? 0 : this.#memory.allocate(members.length * MEMBER_BYTES)
    if (at === 0) return 0
    const { view } = this.#memory
    entries.forEach((entry, k) => {
      const memberAt = at + k * MEMBER_BYTES
      view.setUint32(memberAt, entry?.keyAt ?? 0, true)
      view.setUint32(memberAt + 4, entry?.targetAt ?? 0, true)
      const { key, cardinality, type } = (members[k] as Branch).member
      view.setUint16(memberAt + 8, key.length, true)
      view.setUint8(memberAt + 10, JSON_KINDS[type.jsonKind])
      view.setUint8(memberAt + 11, (cardinality === 'many' ? 1 : 0) | (isPrimitive(type) ? 2 : 0))
    })
    return at
  }

  #member({ member, target }: Branch): { readonly keyAt: number; readonly targetAt: number } | undefined {
    const keyAt = this.#memory.allocate(member.key.length + 1 + PADDING)
    const targetAt = this.#target(target)
    if (keyAt === 0 || targetAt === 0) return undefined
    this.#memory.bytes.write(`"${member.key}`, keyAt, 'latin1')
    return { keyAt, targetAt }
  }

  #texts(texts: readonly string[]): number {
    const sizes = texts.map((text) => textBytes(text))
    const at = this.#memory.allocate(sizes.reduce((sum, size) => sum + size, 0) + PADDING)
    if (at === 0) return 0
    const { bytes, view } = this.#memory
    let next = at
    texts.forEach((text, k) => {
      view.setUint32(next, Buffer.byteLength(text), true)
      bytes.write(text, next + 4)
      next += sizes[k] ?? 0
    })
    return at
  }
}

interface Parts {
  readonly value: number
  readonly count: number
}

const NO_PARTS: Parts = { value: 0, count: 0 }
const addressed = (value: number, count: number): Parts | undefined =>
  value === 0 ? undefined : { value, count }

/** The value of a boolean, or the orders that hit, as bits. */
function detailOf(goal: Target['goal']): number {
  if (goal.kind === 'boolean') return goal.value ? 1 : 0
  if (goal.kind !== 'order') return 0
  const { below, equal, above } = goal.hits
  return (below ? 1 : 0) | (equal ? 2 : 0) | (above ? 4 : 0)
}

/** Whether JSON writes a text without escapes. A value that has one is unsure, so any other text is not found. */
const isWrittenPlainly = (text: string): boolean => JSON.stringify(text) === `"${text}"`

const textBytes = (text: string): number => (4 + Buffer.byteLength(text) + 15) & ~15

/** Returns the nesting of a predicate, as far as it counts for the module's stack. */
function depthOf(predicate: Predicate): number {
  switch (predicate.kind) {
    case 'constant':
    case 'criterion':
      return 1
    case 'not':
      return 1 + depthOf(predicate.of)
    case 'items':
      return 1 + depthOfTarget(predicate.target)
    default:
      return 1 + Math.max(depthOf(predicate.left), depthOf(predicate.right))
  }
}

function depthOfTarget({ filters, goal }: Target): number {
  const below =
    goal.kind === 'members'
      ? goal.members.map(({ target }) => depthOfTarget(target))
      : [goal.kind === 'predicate' ? depthOf(goal.predicate) : 0]
  return 1 + Math.max(...filters.map(depthOf), ...below)
}

/** Maximum nesting of a predicate. */
const MAX_DEPTH = 300
/** Maximum number of members that a path enters at once: the bits of a set. */
const MAX_MEMBERS = 64
const PREDICATE_BYTES = 12
const MEMBER_BYTES = 16
const FILTERS_AT = 16
/** A comparison of 16 bytes may begin at the last one. */
const PADDING = 16

const KINDS = { constant: 0, not: 1, and: 2, or: 3, xor: 4, implies: 5, items: 6, criterion: 7 } as const
const TRUTHS: Readonly<Record<Truth, number>> = { false: 0, true: 1, unsure: 2, empty: 3 }
const MODES: Readonly<Record<Mode, number>> = { some: 0, single: 1, each: 2, all: 3, condition: 4 }
const JSON_KINDS = { string: 0, number: 1, boolean: 2, object: 3 } as const
const GOALS: Readonly<Record<Test['kind'] | 'members', number>> = {
  members: 0,
  any: 1,
  never: 2,
  unsure: 3,
  texts: 4,
  starts: 5,
  ends: 6,
  contains: 7,
  boolean: 8,
  integer: 9,
  predicate: 10,
  order: 11,
}
