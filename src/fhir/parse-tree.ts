import { byteAt } from '../json/byte.js'
import {
  checkDepth,
  findStringMember,
  JsonError,
  skipNumber,
  skipSpace,
  skipString,
  skipValue,
  skipWord,
  stringText,
} from '../json/scanner.js'
import { type ElementTree, type ElementType, isPrimitive, type Member } from './elements.js'
import { KeyCache } from './key-cache.js'
import { trimText } from './text.js'
import { Body, type Fault, JsonMember, type Tree, TreeNode } from './tree.js'

/**
 * Parses the resource in `source[start, end)` by the element tree. Throws JsonError if it is not JSON or is nested
 * too deeply. Parts that are JSON but not FHIR of this version are listed in `faults`. Returns undefined if the root
 * is not an object. If `wanted` is given, only those elements of the root are parsed.
 */
export function parseTree(
  elements: ElementTree,
  source: Buffer,
  start: number,
  end: number,
  wanted?: ReadonlySet<string>,
): Tree | undefined {
  const parser = new Parser(elements, source, start, end, wanted)
  return parser.parse()
}

/**
 * Parses the value of an element of a known type that begins at `at`; the source after it is not read. Returns
 * undefined if it has a structural fault. Throws JsonError if it is not JSON.
 */
export function parseElement(
  elements: ElementTree,
  source: Buffer,
  { at, end }: { readonly at: number; readonly end: number },
  type: ElementType,
): TreeNode | undefined {
  const parser = new Parser(elements, source, at, end, undefined)
  const node = parser.parseElement(type)
  return parser.faults.length === 0 ? node : undefined
}

const KEYS = new KeyCache()

class Parser {
  readonly faults: Fault[] = []
  #at: number
  #spaces = 0
  #hasEmpty = false

  readonly #elements: ElementTree
  readonly #source: Buffer
  readonly #start: number
  readonly #end: number
  readonly #wanted: ReadonlySet<string> | undefined

  constructor(
    elements: ElementTree,
    source: Buffer,
    start: number,
    end: number,
    wanted: ReadonlySet<string> | undefined,
  ) {
    this.#elements = elements
    this.#source = source
    this.#start = start
    this.#end = end
    this.#wanted = wanted
    this.#at = start
  }

  parse(): Tree | undefined {
    this.#space()
    if (this.#source[this.#at] !== 0x7b || this.#at >= this.#end) {
      this.#at = skipValue(this.#source, this.#at, this.#end, 0)
      this.#finish()
      return undefined
    }
    const root = new TreeNode('', this.#resourceType(undefined, 0), undefined)
    this.#object(root, 1)
    this.#finish()
    return {
      source: this.#source,
      root,
      faults: this.faults,
      isCompact: this.#spaces === 0,
      hasEmpty: this.#hasEmpty,
    }
  }

  parseElement(type: ElementType): TreeNode {
    const node = new TreeNode('', type, undefined)
    this.#value(node, false, 0)
    return node
  }

  #finish(): void {
    this.#space()
    if (this.#at < this.#end) throw new JsonError('INVALID_JSON', this.#at, 'text after the end')
  }

  #space(): void {
    const to = skipSpace(this.#source, this.#at, this.#end)
    this.#spaces += to - this.#at
    this.#at = to
  }

  #fault(code: Fault['code'], offset: number, node: TreeNode): void {
    this.faults.push({ code, offset: offset - this.#start, node })
    node.isFaulty = true
  }

  /**
   * Returns the type named by the object at `this.#at`. If it names no known type, returns a type without members and
   * adds a fault.
   */
  #resourceType(parent: TreeNode | undefined, depth: number): ElementType {
    checkDepth(depth + 1, this.#at)
    const found = findStringMember(this.#source, this.#at, this.#end, 'resourceType')
    const type = found === undefined ? undefined : this.#elements.resources.get(found.text)
    if (type !== undefined) return type
    const unknown = this.#elements.anyResource
    const holder = parent ?? new TreeNode('', unknown, undefined)
    const code = found === undefined ? 'NOT_A_RESOURCE' : 'UNKNOWN_RESOURCE_TYPE'
    this.#fault(code, found?.start ?? this.#at, holder)
    return unknown
  }

  /** Reads the object at `this.#at`, an opening brace, as the node's body; for a primitive that is its `_` object. */
  #object(node: TreeNode, depth: number): void {
    const source = this.#source
    const end = this.#end
    checkDepth(depth, this.#at)
    const start = this.#at
    const body = new Body()
    node.body = body
    this.#at++
    this.#space()
    if (source[this.#at] === 0x7d && this.#at < end) {
      this.#at++
      this.#hasEmpty = true
    } else this.#members(node, body, depth)
    if (!isPrimitive(node.type)) {
      node.kind = body.members.length === 0 ? 'empty' : 'object'
      node.start = start
      node.end = this.#at
    }
  }

  #members(node: TreeNode, body: Body, depth: number): void {
    const source = this.#source
    const end = this.#end
    for (;;) {
      const keyStart = this.#at
      if (keyStart >= end || source[keyStart] !== 0x22)
        throw new JsonError('INVALID_JSON', keyStart, 'a property name is missing')
      this.#at = skipString(source, keyStart, end)
      const key = KEYS.at(source, keyStart, this.#at)
      this.#space()
      if (this.#at >= end || source[this.#at] !== 0x3a)
        throw new JsonError('INVALID_JSON', this.#at, 'a colon is missing')
      this.#at++
      this.#space()
      this.#member(node, body, { key: key.text, keyText: key.quoted, keyStart }, depth)
      this.#space()
      if (this.#at < end && source[this.#at] === 0x7d) break
      if (this.#at >= end || source[this.#at] !== 0x2c)
        throw new JsonError('INVALID_JSON', this.#at, 'an object without end')
      this.#at++
      this.#space()
    }
    this.#at++
  }

  #member(
    node: TreeNode,
    body: Body,
    { key, keyText, keyStart }: { key: string; keyText: string; keyStart: number },
    depth: number,
  ): void {
    const source = this.#source
    const end = this.#end
    if (hasKey(body.members, key)) {
      this.#fault('DUPLICATE_KEY', keyStart, node)
      this.#at = skipValue(source, this.#at, end, depth)
      return
    }
    if (key === 'resourceType' && node.isResource && !node.type.members.has(key)) {
      const name = new JsonMember(key, keyText, undefined, false, this.#at)
      this.#at = skipValue(source, this.#at, end, depth)
      name.end = this.#at
      body.members.push(name)
      return
    }
    const underscore = key.charCodeAt(0) === 0x5f
    const known = node.type.members.get(underscore ? key.slice(1) : key)
    if (known === undefined || (underscore && !isPrimitive(known.type))) {
      this.#fault('UNKNOWN_ELEMENT', keyStart, node)
      this.#at = skipValue(source, this.#at, end, depth)
      return
    }
    if (this.#wanted !== undefined && node.parent === undefined && !this.#wanted.has(known.name)) {
      this.#at = skipValue(source, this.#at, end, depth)
      return
    }
    const property = new JsonMember(key, keyText, known, underscore, this.#at)
    this.#knownMember(node, body, property, depth)
    property.end = this.#at
    body.members.push(property)
  }

  #knownMember(node: TreeNode, body: Body, property: JsonMember, depth: number): void {
    const { underscore, start } = property
    const member = property.member as Member
    const partner = isPrimitive(member.type) ? partnerOf(body, property) : undefined
    const isArray = this.#source[start] === 0x5b && start < this.#end
    const add = (): TreeNode => addItem(node, body, property, partner)
    if (isArray) this.#array(underscore, add, depth + 1)
    else this.#value(add(), underscore, depth)
    const isEmpty = property.items.length === 0
    if (isEmpty) {
      const item = add()
      // The item belongs to the partner, whose content is kept.
      if (!underscore || partner === undefined) markToken(item, 'empty', start, this.#at)
      this.#hasEmpty = true
    }
    const { items } = property
    property.isArray = isArray && !isEmpty
    property.isEmptyArray = isEmpty
    if (isArray && !isEmpty && member.cardinality === 'one')
      for (const item of items) markToken(item, 'fault', start, this.#at)
    const wrongCount = isArray ? member.cardinality === 'one' : member.cardinality === 'many'
    const unlikePartner = partner !== undefined && (partner.isArray || partner.isEmptyArray) !== isArray
    const isNull = this.#source[start] === 0x6e
    const [first] = items
    if ((wrongCount || unlikePartner) && !isNull && first !== undefined)
      this.#fault('WRONG_KIND', start, first)
  }

  #array(underscore: boolean, add: () => TreeNode, depth: number): void {
    const source = this.#source
    const end = this.#end
    checkDepth(depth, this.#at)
    this.#at++
    this.#space()
    if (source[this.#at] === 0x5d && this.#at < end) {
      this.#at++
      return
    }
    for (;;) {
      this.#value(add(), underscore, depth)
      this.#space()
      if (this.#at < end && source[this.#at] === 0x5d) break
      if (this.#at >= end || source[this.#at] !== 0x2c)
        throw new JsonError('INVALID_JSON', this.#at, 'an array without end')
      this.#at++
      this.#space()
    }
    this.#at++
  }

  /** Reads one value into the node: its own value or, with `underscore`, its `_` object. */
  #value(node: TreeNode, underscore: boolean, depth: number): void {
    const source = this.#source
    const end = this.#end
    const start = this.#at
    if (start >= end) throw new JsonError('INVALID_JSON', end, 'the text ends too early')
    const c = source[start]
    const expected = underscore ? 'object' : node.type.jsonKind
    if (c === 0x7b && expected === 'object') {
      if (node.type === this.#elements.anyResource) {
        const typed = this.#resourceType(node, depth)
        // The type is known only here; a node's type never changes afterwards.
        ;(node as { type: ElementType }).type = typed
      }
      this.#object(node, depth + 1)
      return
    }
    const kind = this.#scalar(start, depth)
    if (kind === 'null') this.#hasEmpty = true
    else if (kind !== expected) this.#fault('WRONG_KIND', start, node)
    if (underscore) return
    node.start = start
    node.end = this.#at
    if (kind === 'string' && expected === 'string' && isBlankToken(source, start, this.#at)) {
      node.kind = 'empty'
      this.#hasEmpty = true
    } else node.kind = kind === 'null' || kind === expected ? kind : 'fault'
  }

  /** Skips a value that is not an expected object and returns its kind. */
  #scalar(start: number, depth: number): 'string' | 'number' | 'boolean' | 'null' | 'fault' {
    const source = this.#source
    const end = this.#end
    const c = source[start]
    if (c === 0x22) {
      this.#at = skipString(source, start, end)
      return 'string'
    }
    if (c === 0x7b || c === 0x5b) {
      this.#at = skipValue(source, start, end, depth)
      return 'fault'
    }
    if (c === 0x74 || c === 0x66 || c === 0x6e) {
      this.#at = skipWord(source, start, end)
      return c === 0x6e ? 'null' : 'boolean'
    }
    this.#at = skipNumber(source, start, end)
    return 'number'
  }
}

/** Adds the next item of a property, sharing the item of the partner at that index if there is one. */
function addItem(
  node: TreeNode,
  body: Body,
  property: JsonMember,
  partner: JsonMember | undefined,
): TreeNode {
  const { items } = property
  const { name, type } = property.member as Member
  const shared = partner?.items[items.length]
  const item = shared ?? new TreeNode(name, type, node)
  if (shared === undefined) insertChild(body, item, partner)
  // Most properties have one item. A literal list holds just that, but `push` would make room for many.
  if (items.length === 0) property.items = [item]
  else items.push(item)
  return item
}

function hasKey(members: readonly JsonMember[], key: string): boolean {
  for (const member of members) if (member.key === key) return true
  return false
}

/** Finds the `_x` for an `x`, or the `x` for an `_x`, if it has been read already. */
function partnerOf(body: Body, { key, underscore }: JsonMember): JsonMember | undefined {
  for (const other of body.members)
    if (other.underscore !== underscore && (underscore ? key.endsWith(other.key) : other.key.endsWith(key)))
      if (Math.abs(other.key.length - key.length) === 1) return other
  return undefined
}

function markToken(item: TreeNode, kind: 'fault' | 'empty', start: number, end: number): void {
  item.kind = kind
  item.start = start
  item.end = end
}

/** Inserts a child: at the end if it has no partner, or after the partner's items if their array is shorter. */
function insertChild(body: Body, item: TreeNode, partner: JsonMember | undefined): void {
  const last = partner?.items.at(-1)
  if (last === undefined) body.children.push(item)
  else {
    let index = body.children.indexOf(last) + 1
    while (body.children[index]?.name === item.name && body.children[index]?.type === item.type) index++
    body.children.splice(index, 0, item)
  }
}

function isBlankToken(source: Buffer, start: number, end: number): boolean {
  const first = byteAt(source, start + 1)
  if (first > 0x20 && first < 0x80 && first !== 0x5c && first !== 0x22) return false
  return trimText(stringText(source, start, end)) === ''
}
