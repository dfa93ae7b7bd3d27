import type { ElementType, Member } from './elements.js'

/** A structural fault (law 2.2). It causes the line to be rejected unless the element that contains it is dropped. */
export interface Fault {
  readonly code:
    | 'UNKNOWN_ELEMENT'
    | 'WRONG_KIND'
    | 'DUPLICATE_KEY'
    | 'UNKNOWN_RESOURCE_TYPE'
    | 'NOT_A_RESOURCE'
  /** Offset in bytes from the start of the line. */
  readonly offset: number
  /** The element that contains the fault. */
  readonly node: TreeNode
}

/**
 * Kind of a node's own JSON value: `none` if only its `_` property exists, `fault` if the value has the wrong kind.
 */
export type ValueKind = 'string' | 'number' | 'boolean' | 'object' | 'null' | 'empty' | 'none' | 'fault'

/**
 * One element of a resource: a primitive merged with its `_` object, or a complex element. `null`, `""`, `{}` and
 * `[]` are nodes too, of kind `null` or `empty`: paths do not select them, but a claim on their parent covers them.
 */
export class TreeNode {
  kind: ValueKind = 'none'
  /** Start of the value's token in the source; the token of an object includes its braces. */
  start = 0
  end = 0
  body: Body | undefined
  /** Number of the rule that claimed this node; 0 for none. */
  claimedBy = 0
  /** JSON text that replaces the source's value; null if the value was removed, undefined if it is unchanged. */
  replaced: string | null | undefined
  /** Whether something at or below this node changed. */
  touched = false
  /** Whether substitute took the whole node out of its parent. */
  detached = false
  /** Whether nothing of the node is left to write. */
  gone = false
  /** Whether the node has a structural fault. */
  isFaulty = false

  constructor(
    readonly name: string,
    readonly type: ElementType,
    readonly parent: TreeNode | undefined,
  ) {}

  get isResource(): boolean {
    return this.type.isResource
  }

  /** Whether paths can select the node: it has a value or children, even faulty ones. */
  get isReal(): boolean {
    if (this.isFaulty) return true
    if (this.kind === 'null' || this.kind === 'empty' || this.kind === 'none')
      return this.body?.children.some((child) => child.isReal) === true || typeof this.replaced === 'string'
    return true
  }
}

/** The members of one JSON object, in source order. */
export class Body {
  readonly members: JsonMember[] = []
  /** The elements in document order; a primitive and its `_` property are one element. */
  readonly children: TreeNode[] = []
}

/** One property of an object: `"name": […]`. */
export class JsonMember {
  /** Whether the value is an array with items. */
  isArray = false
  isEmptyArray = false
  items: TreeNode[] = []
  /** End of the value's token in the source; `start` is its start. */
  end = 0

  constructor(
    readonly key: string,
    /** The key with its quotes, as written. */
    readonly keyText: string,
    /** The member of the type; undefined for `resourceType`. */
    readonly member: Member | undefined,
    readonly underscore: boolean,
    readonly start: number,
  ) {}
}

/** A parsed line. */
export interface Tree {
  readonly source: Buffer
  readonly root: TreeNode
  readonly faults: readonly Fault[]
  /** Whether there is no white space between the tokens. */
  readonly isCompact: boolean
  /** Whether the line contains a `null`, `""`, `{}` or `[]`. */
  readonly hasEmpty: boolean
}

/** Returns a node's path for messages, such as `Patient.contact.name`: element names only. */
export function pathOf(node: TreeNode): string {
  const names: string[] = []
  for (let n: TreeNode | undefined = node; n !== undefined; n = n.parent)
    names.unshift(n.parent === undefined ? n.type.name : n.name)
  return names.join('.')
}
