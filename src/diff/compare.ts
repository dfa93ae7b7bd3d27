import { LABEL_CODES } from '../anonymizer/labels.js'
import { MAX_DEPTH } from '../json/scanner.js'
import { align, isObject, type Json, type JsonObject } from './align.js'
import type { ElementNode } from './element-node.js'
import { countOf } from './element-node.js'
import type { ElementPaths } from './element-paths.js'
import { type Leaf, OUTCOMES, type Outcome, outcomeOf } from './outcome.js'

/** One value of one pair of resources. */
export interface ComparedLeaf {
  /** With the indices of the raw resource: `name[0].given[1]`. */
  readonly place: string
  readonly node: ElementNode
  readonly outcome: Outcome
  readonly before: Leaf | undefined
  readonly after: Leaf | undefined
}

export interface CompareOptions {
  readonly paths: ElementPaths
  /** Told of each resource: the line's own, those in Bundle entries and contained ones. */
  readonly onResource: (type: ElementNode, labels: ReadonlySet<string>) => void
  /** Told of each value; costs time. */
  readonly onLeaf?: ((leaf: ComparedLeaf) => void) | undefined
}

/**
 * Compares two versions of a resource and counts what became of each value in the nodes of `paths`. The labels that
 * anonymizing adds are told, not compared. Returns how many values are not as they were.
 */
export function compareResources(before: JsonObject, after: JsonObject, options: CompareOptions): number {
  const comparison = new Comparison(options)
  comparison.resource(before, after, '')
  return comparison.differing
}

class Comparison {
  differing = 0
  /** The security labels of the current resource and those around it. */
  #labels: ReadonlySet<string> = new Set()
  #depth = 0

  readonly #options: CompareOptions

  constructor(options: CompareOptions) {
    this.#options = options
  }

  resource(before: JsonObject, after: JsonObject, place: string): void {
    const node = this.#options.paths.root(String(after.resourceType))
    const around = this.#labels
    const { labels, rest } = withoutLabels(before, after)
    this.#options.onResource(node, labels)
    this.#labels = labels.size === 0 ? around : new Set([...around, ...labels])
    this.#members(node, before, rest, place)
    this.#labels = around
  }

  #value(node: ElementNode, before: Json | undefined, after: Json | undefined, place: string): void {
    if (this.#depth >= MAX_DEPTH) return
    this.#depth += 1
    if (Array.isArray(before) || Array.isArray(after)) this.#array(node, before, after, place)
    else if (isObject(before) || isObject(after)) this.#object(node, before, after, place)
    else this.#leaf(node, before as Leaf | null | undefined, after as Leaf | null | undefined, place)
    this.#depth -= 1
  }

  #array(node: ElementNode, before: Json | undefined, after: Json | undefined, place: string): void {
    const olds = listOf(before)
    const news = listOf(after)
    for (const [i, j] of align(olds, news))
      this.#value(
        node,
        i === undefined ? undefined : olds[i],
        j === undefined ? undefined : news[j],
        this.#at(place, `[${i ?? j}]`),
      )
  }

  #object(node: ElementNode, before: Json | undefined, after: Json | undefined, place: string): void {
    const old = isObject(before) ? before : undefined
    const fresh = isObject(after) ? after : undefined
    if (old === undefined) this.#leaf(node, before as Leaf | null | undefined, undefined, place)
    if (fresh === undefined) this.#leaf(node, undefined, after as Leaf | null | undefined, place)
    const oldType = resourceTypeOf(old)
    const newType = resourceTypeOf(fresh)
    if (old !== undefined && fresh !== undefined && oldType !== undefined && oldType === newType)
      this.resource(old, fresh, place)
    else if (oldType === newType || (oldType ?? newType) === undefined)
      this.#members(node, old ?? {}, fresh ?? {}, place)
    else {
      if (old !== undefined) this.#members(this.#rootOr(node, oldType), old, {}, place)
      if (fresh !== undefined) this.#members(this.#rootOr(node, newType), {}, fresh, place)
    }
  }

  #rootOr = (node: ElementNode, type: string | undefined): ElementNode =>
    type === undefined ? node : this.#options.paths.root(type)

  #members(node: ElementNode, before: JsonObject, after: JsonObject, place: string): void {
    for (const [key, value] of Object.entries(before))
      if (key !== 'resourceType') this.#member(node, key, { value, other: own(after, key) }, place)
    for (const [key, value] of Object.entries(after))
      if (key !== 'resourceType' && !Object.hasOwn(before, key))
        this.#member(node, key, { value: undefined, other: value }, place)
  }

  /** A primitive's `_` object is a part of it. */
  #member(
    node: ElementNode,
    key: string,
    { value, other }: { readonly value: Json | undefined; readonly other: Json | undefined },
    place: string,
  ): void {
    const child = this.#options.paths.child(node, key.startsWith('_') ? key.slice(1) : key)
    // A name that no FHIR version knows may be a value.
    const name = child.type === undefined ? child.key : key
    this.#value(child, value, other, this.#at(place, place === '' ? name : `.${name}`))
  }

  #leaf(
    node: ElementNode,
    before: Leaf | null | undefined,
    after: Leaf | null | undefined,
    place: string,
  ): void {
    const old = before ?? undefined
    const fresh = after ?? undefined
    if (old === undefined && fresh === undefined) return
    const outcome =
      old === undefined ? 'added' : fresh === undefined ? 'removed' : outcomeOf(old, fresh, this.#labels)
    node.counts[OUTCOMES.indexOf(outcome)] = countOf(node, outcome) + 1
    if (outcome !== 'kept') this.differing += 1
    this.#options.onLeaf?.({ place, node, outcome, before: old, after: fresh })
  }

  #at = (place: string, step: string): string => (this.#options.onLeaf === undefined ? '' : place + step)
}

const own = (object: JsonObject, key: string): Json | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined

const listOf = (value: Json | undefined): readonly Json[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value as Json]

const resourceTypeOf = (object: JsonObject | undefined): string | undefined => {
  const type = object === undefined ? undefined : own(object, 'resourceType')
  return typeof type === 'string' ? type : undefined
}

/** The labels that only the later version has, and that version without them. */
function withoutLabels(
  before: JsonObject,
  after: JsonObject,
): { readonly labels: ReadonlySet<string>; readonly rest: JsonObject } {
  const old = new Set(securityOf(before).map(codeOf))
  const security = securityOf(after)
  const labels = new Set(security.map(codeOf).filter((code) => LABEL_CODES.has(code) && !old.has(code)))
  if (labels.size === 0) return { labels, rest: after }
  const left = security.filter((coding) => !labels.has(codeOf(coding)))
  const { security: _, ...meta } = own(after, 'meta') as JsonObject
  return { labels, rest: { ...after, meta: left.length === 0 ? meta : { ...meta, security: left } } }
}

function securityOf(resource: JsonObject): readonly Json[] {
  const meta = own(resource, 'meta')
  const security = isObject(meta) ? own(meta, 'security') : undefined
  return Array.isArray(security) ? security : []
}

const codeOf = (coding: Json): string => {
  const code = isObject(coding) ? own(coding, 'code') : undefined
  return typeof code === 'string' ? code : ''
}
