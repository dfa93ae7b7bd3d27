import type { ElementType, Member } from './elements.js'

/** A structural fault (law 2.2). It rejects the line unless the element it lies in is dropped. */
export interface Fault {
  readonly code:
    | 'UNKNOWN_ELEMENT'
    | 'WRONG_KIND'
    | 'DUPLICATE_KEY'
    | 'UNKNOWN_RESOURCE_TYPE'
    | 'NOT_A_RESOURCE'
  /** In bytes from the start of the line. */
  readonly offset: number
  /** The element that holds it. */
  readonly node: TreeNode
}

/** What a node's own JSON value is; `none` where only its `_` property exists, `fault` where it has the wrong kind. */
export type ValueKind = 'string' | 'number' | 'boolean' | 'object' | 'null' | 'empty' | 'none' | 'fault'

/**
 * One element of a resource: a primitive with its `_` object merged in, or a complex one. `null`, `""`, `{}` and
 * `[]` are nodes too, of kind `null` or `empty`: paths do not see them, but the claim on their parent does.
 */
export class TreeNode {
  kind: ValueKind = 'none'
  /** The value's token in the source; for an object its braces included. */
  start = 0
  end = 0
  body: Body | undefined
  /** The rule that took this node, by number; 0 where none did. */
  claimedBy = 0
  /** JSON text in place of the source's value; null where the value was removed. */
  replaced: string | null | undefined
  /** Something at or below this node changed. */
  touched = false
  /** Taken out of its parent whole (by substitute). */
  detached = false
  /** Nothing of it is left to be written. */
  gone = false
  /** A structural fault lies here. */
  isFaulty = false

  constructor(
    readonly name: string,
    readonly type: ElementType,
    readonly parent: TreeNode | undefined,
  ) {}

  get isResource(): boolean {
    return this.type.isResource
  }

  /** Whether a path can see it: it has a value or children, be they faulty. */
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
  /** The elements in document order; a primitive and its `_` property are one. */
  readonly children: TreeNode[] = []
}

/** One property of an object: `"name": […]`. */
export class JsonMember {
  /** An array with items. */
  isArray = false
  isEmptyArray = false
  items: TreeNode[] = []
  /** The value's token. */
  end = 0

  constructor(
    readonly key: string,
    /** With quotes, as written. */
    readonly keyText: string,
    /** Undefined for `resourceType`. */
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
  /** Whether `null`, `""`, `{}` or `[]` is anywhere. */
  readonly hasEmpty: boolean
}

/** `Patient.contact.name`, for messages: element names only. */
export function pathOf(node: TreeNode): string {
  const names: string[] = []
  for (let n: TreeNode | undefined = node; n !== undefined; n = n.parent)
    names.unshift(n.parent === undefined ? n.type.name : n.name)
  return names.join('.')
}
