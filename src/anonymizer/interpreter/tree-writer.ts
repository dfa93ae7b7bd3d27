import { isPrimitive, type Member } from '../../fhir/elements.js'
import type { MandatoryMembers } from '../../fhir/mandatory.js'
import type { Body, JsonMember, Tree, TreeNode } from '../../fhir/tree.js'
import { present } from '../../invariant.js'
import { copyBytes, viewOf } from '../copy-bytes.js'
import { addLabels, metaWithLabels } from '../labels.js'
import { maskedMember } from '../masked-elements.js'
import type { Output } from '../output.js'
import { hasValue } from './prune.js'

/** What is added to a tree when it is written. */
interface Additions {
  /** Records of the resources to label. */
  readonly records: ReadonlyMap<TreeNode, number>
  /** The members to mask if nothing of them is left; absent if they are removed as others are. */
  readonly masked: MandatoryMembers | undefined
}

/**
 * Writes a pruned tree as compact JSON: every token that no rule changed verbatim, in the source's order. A resource
 * with records gets its labels in `meta`, which is added at the end if there was none.
 */
export class TreeWriter {
  readonly #source: DataView

  readonly #tree: Tree
  readonly #additions: Additions
  readonly #out: Output

  constructor(tree: Tree, additions: Additions, out: Output) {
    this.#tree = tree
    this.#additions = additions
    this.#out = out
    this.#source = viewOf(tree.source)
  }

  write(): void {
    this.#object(this.#tree.root)
  }

  #object(node: TreeNode): void {
    const out = this.#out
    const tree = this.#tree
    const records = node.isResource ? (this.#additions.records.get(node) ?? 0) : 0
    if (!node.touched && records === 0 && tree.isCompact) {
      this.#copy(node.start, node.end)
      return
    }
    let metaStart = -1
    let metaEnd = -1
    this.#byte(0x7b)
    for (const member of node.body?.members ?? []) {
      const before = out.length
      // A null meta is replaced by the one that is written at the end.
      if (records !== 0 && member.key === 'meta' && member.items[0]?.kind === 'null') continue
      if (!this.#member(node.body as Body, member, before)) continue
      if (records !== 0 && member.key === 'meta') {
        metaStart = before + member.keyText.length + 1 + (out.bytes[before] === 0x2c ? 1 : 0)
        metaEnd = out.length
      }
    }
    const { masked } = this.#additions
    if (masked !== undefined)
      for (const member of lostMembers(node, masked)) {
        this.#comma()
        this.#text(maskedMember(member, masked))
      }
    if (records !== 0) {
      if (metaStart >= 0) addLabels(out, metaStart, metaEnd, records)
      else {
        this.#comma()
        this.#bytes(metaWithLabels(records))
      }
    }
    this.#byte(0x7d)
  }

  /**
   * Writes `"key":value`, and a comma before it if needed. Writes nothing and returns false if nothing of the value
   * is left.
   */
  #member(body: Body, member: JsonMember, before: number): boolean {
    const out = this.#out
    if (member.member === undefined) {
      this.#key(member.keyText)
      this.#copy(member.start, member.end)
      return true
    }
    if (!itemsToWrite(member, body).some((item) => item.touched)) {
      this.#key(member.keyText)
      if (this.#tree.isCompact) this.#copy(member.start, member.end)
      else this.#items(member, member.items)
      return true
    }
    // `"x": []` has no items. Values that a rule gave to the items of `_x` are written when `_x` is.
    if (member.isEmptyArray && !member.underscore) return out.length > before
    const items = itemsToWrite(member, body).filter((item) => !item.gone)
    const kept = items.some((item) => (member.underscore ? hasBody(item) : hasOwnValue(item)))
    if (kept) {
      this.#key(member.keyText)
      this.#items(member, items)
    }
    // If an element had only its `_` property, a value given to it needs a new property.
    if (member.underscore && items.some((item) => typeof item.replaced === 'string')) {
      const plainKey = member.key.slice(1)
      if (!body.members.some((other) => other.key === plainKey && !other.isEmptyArray)) {
        this.#key(JSON.stringify(plainKey))
        this.#items({ isArray: member.isArray, underscore: false }, items)
      }
    }
    return out.length > before
  }

  #items(member: Pick<JsonMember, 'isArray' | 'underscore'>, items: readonly TreeNode[]): void {
    if (!member.isArray) {
      this.#item(present(items[0], 'the value of a member'), member.underscore)
      return
    }
    this.#byte(0x5b)
    items.forEach((item, k) => {
      if (k > 0) this.#byte(0x2c)
      this.#item(item, member.underscore)
    })
    this.#byte(0x5d)
  }

  #item(node: TreeNode, underscore: boolean): void {
    const tree = this.#tree
    if (underscore) {
      if (node.body === undefined || (node.touched && !hasBody(node))) this.#text('null')
      else this.#underscoreBody(node)
    } else if (typeof node.replaced === 'string') this.#text(node.replaced)
    else if (node.replaced === null || node.kind === 'none') this.#text('null')
    else if (node.kind === 'object') this.#object(node)
    else if (node.kind === 'empty' && tree.source[node.start] !== 0x22)
      this.#text(tree.source[node.start] === 0x7b ? '{}' : '[]')
    else this.#copy(node.start, node.end)
  }

  #underscoreBody(node: TreeNode): void {
    const out = this.#out
    this.#byte(0x7b)
    for (const member of node.body?.members ?? []) this.#member(node.body as Body, member, out.length)
    this.#byte(0x7d)
  }

  #key(keyText: string): void {
    this.#comma()
    this.#text(keyText)
    this.#byte(0x3a)
  }

  #comma(): void {
    const last = this.#out.bytes[this.#out.length - 1]
    if (last !== 0x7b && last !== 0x5b) this.#byte(0x2c)
  }

  #copy(start: number, end: number): void {
    const out = this.#out
    out.reserve(end - start)
    copyBytes(this.#source, start, end, out.view, out.length)
    out.length += end - start
  }

  #bytes(bytes: Uint8Array): void {
    const out = this.#out
    out.reserve(bytes.length)
    out.bytes.set(bytes, out.length)
    out.length += bytes.length
  }

  #byte(byte: number): void {
    this.#out.reserve(1)
    this.#out.bytes[this.#out.length++] = byte
  }

  #text(text: string): void {
    const out = this.#out
    out.reserve(text.length * 3)
    const { bytes } = out
    let at = out.length
    for (let k = 0; k < text.length; k++) {
      const code = text.charCodeAt(k)
      if (code >= 0x80) {
        at = out.length + bytes.write(text, out.length)
        break
      }
      bytes[at++] = code
    }
    out.length = at
  }
}

/**
 * Returns a property's items. If the `_` array is longer, also its further items up to the last one to which a rule
 * gave a value.
 */
function itemsToWrite(member: JsonMember, body: Body): readonly TreeNode[] {
  const { items } = member
  if (member.underscore || !member.isArray) return items
  const all = body.members.find(({ key }) => key === `_${member.key}`)?.items ?? items
  const given = all.findLastIndex((item) => typeof item.replaced === 'string')
  return given < items.length ? items : all.slice(0, given + 1)
}

/** Whether anything of the `_` object is left. */
function hasBody(node: TreeNode): boolean {
  if (!isPrimitive(node.type) || node.body === undefined) return false
  return node.body.children.some((child) => !child.gone && child.isReal)
}

const hasOwnValue = (node: TreeNode): boolean =>
  typeof node.replaced === 'string' || (isPrimitive(node.type) ? hasValue(node) : true)

/** Returns the mandatory members that the object had and of which nothing is left. */
function lostMembers({ type, body }: TreeNode, mandatory: MandatoryMembers): readonly Member[] {
  return mandatory(type).filter((member) => {
    const items = body?.members.filter((each) => each.member === member).flatMap((each) => each.items) ?? []
    return items.some((item) => item.isReal) && items.every((item) => item.gone)
  })
}
