import type { ElementType } from '../../fhir/elements.js'
import type { Predicate } from '../../rules/automaton/predicates/predicate.js'
import type { Leaf } from '../methods/leaf.js'
import type { CompiledRule } from '../program.js'
import { ACT } from './layout.js'

/** Required first bytes of dropped values, by the JSON kind of their type; 0 for numbers and booleans. */
export const OPENING = { string: 0x22, object: 0x7b, number: 0, boolean: 0 } as const

/** One key of an object, as the rules decide about it. */
export class Edge {
  /** Whether the value is a single string that is kept or dropped whole. */
  readonly isPlainString: boolean

  constructor(
    readonly key: string,
    readonly facts: EdgeFacts,
  ) {
    const { act, arity, opening } = facts
    const isStringDrop = act === ACT.DROP && opening === OPENING.string
    const isJudged = act === ACT.CODE || act === ACT.PART
    this.isPlainString = arity !== 1 && (act === ACT.KEEP_STRING || isStringDrop || isJudged)
  }
}

export interface EdgeFacts {
  readonly act: number
  readonly isUnderscore?: boolean
  /** 0 for a single value, 1 for an array. */
  readonly arity?: number
  /** Required first byte of the value if `act` is DROP: a quote, a brace, or 0 for numbers and booleans. */
  readonly opening?: number
  readonly isMeta?: boolean
  /** Whether this is the id of a resource. */
  readonly isId?: boolean
  /** Whether it is `security` in a meta that gets labels. */
  readonly isSecurity?: boolean
  /** Whether the element may name the resource's patient, before any other. */
  readonly namesPatient?: boolean
  /** Number of the rule whose claim begins at this element; 0 for none. */
  readonly counts?: number
  readonly rule?: CompiledRule | undefined
  /** The element as a method sees it, without its text. */
  readonly leaf?: Omit<Leaf, 'text'>
  readonly isMetaInstant?: boolean
  /** For child resources: the name as an element, and the types that need the interpreter. */
  readonly child?: { readonly name: string; readonly bailTypes: ReadonlySet<string> }
  /** Makes the keys of the value's objects. */
  readonly makeEdges?: () => EdgeTable
  /** For the act CHOOSE. */
  readonly variants?: Variants<Edge>
  /** For the act PART: bits of PART and the index of the other part's key. */
  readonly pairPart?: number | undefined
  /** The element by whose definition the value is judged where the rule leaves it as it is. */
  readonly codeElement?: string | undefined
}

/** What follows at an element, by the predicates that it meets. */
export interface Variants<T> {
  readonly predicates: readonly Predicate[]
  /** Returns the variant for the predicates whose bits are set; undefined if the interpreter is needed. */
  variant(mask: number): T | undefined
}

/** The keys that an object at one place may have. Equal places share one table. */
export class EdgeTable {
  readonly #edges = new Map<string, Edge | undefined>()
  readonly #make: (key: string) => Edge | undefined

  /** `make` decides about a key when the data first has it: most keys of a type are in no data. */
  constructor(
    readonly type: ElementType,
    make: (key: string) => Edge | undefined,
  ) {
    this.#make = make
  }

  /** Returns what the rules decide about a key of the type; undefined if it is not one (`objectKeys`). */
  edge(key: string): Edge | undefined {
    if (this.#edges.has(key)) return this.#edges.get(key)
    const edge = this.#make(key)
    this.#edges.set(key, edge)
    return edge
  }
}

/** The start of a resource's walk. */
export type ResourceStart = {
  readonly type: ElementType
  /** The resource's name as an element: `contained`, `resource`; '' for the root. */
  readonly name: string
} & (
  | { readonly kind: 'table'; readonly table: EdgeTable }
  | { readonly kind: 'choice'; readonly variants: Variants<EdgeTable> }
)
