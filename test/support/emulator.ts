import { createHmac } from 'node:crypto'
import { elementAt } from './elements.js'
import { descendantsOf, indexOf, NotSpoken, ruleType, selectNodes } from './emulator-paths.js'
import { isPrimitiveType, type Node, readTree, type SpecTree, writeTree } from './emulator-tree.js'

type Json = Record<string, unknown>
type Rule = { readonly path: string; readonly method: string } & Json

/** A rule that fails on a node, as the original crashes there. */
export class RuleFailure extends Error {}

export interface EmulatorInput {
  readonly config: Json
  readonly line: string
  readonly prefix: string
  readonly asOf: string
}

/**
 * A second, plain reading of the law (docs/anonymizer.md) on a tree of objects, for what the golden cases use. It shares
 * nothing with the engines. Throws NotSpoken for what it does not cover, RuleFailure where the original crashes.
 */
export function emulate(spec: SpecTree, input: EmulatorInput): Json {
  const root = readTree(spec, input.line)
  new Emulator(spec, input, root).resource(root)
  return writeTree(root)
}

const LABELS: readonly (readonly [record: string, code: string, display: string])[] = [
  ['REDACT', 'REDACTED', 'redacted'],
  ['ABSTRACT', 'ABSTRED', 'abstracted'],
  ['CRYPTOHASH', 'CRYTOHASH', 'cryptographic hash function'],
  ['PERTURB', 'PERTURBED', 'exact value is replaced with another exact value'],
  ['SUBSTITUTE', 'SUBSTITUTED', 'exact value is replaced with a predefined value'],
  ['GENERALIZE', 'GENERALIZED', 'exact value is replaced with a general value'],
]
const SYSTEM = 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue'

class Emulator {
  private readonly visited = new Set<Node>()
  private readonly rules: readonly Rule[]
  private readonly parameters: Json

  constructor(
    private readonly spec: SpecTree,
    private readonly input: EmulatorInput,
    private readonly root: Node,
  ) {
    this.rules = input.config.fhirPathRules as Rule[]
    this.parameters = (input.config.parameters ?? {}) as Json
  }

  /** Rules, then child resources, then labels; returns the records of all of it. */
  resource(node: Node): Set<string> {
    const records = new Set<string>()
    const index = indexOf(node)
    for (const rule of this.rules) {
      const type = ruleType(rule.path)
      if (!['', node.type, 'Resource', 'DomainResource'].includes(type)) continue
      for (const hit of selectNodes(rule.path, node, index)) this.recurse(hit, rule, records)
    }
    for (const child of index.filter(({ isResource }) => isResource))
      if (isAttached(child)) for (const record of this.resource(child)) records.add(record)
    if (records.size > 0 && node.name !== 'contained') this.label(node, records)
    return records
  }

  private recurse(node: Node, rule: Rule, records: Set<string>): void {
    if (this.visited.has(node)) return
    for (const record of this.apply(node, rule)) records.add(record)
    this.visited.add(node)
    for (const child of node.children) if (!child.isResource) this.recurse(child, rule, records)
  }

  private apply(node: Node, rule: Rule): string[] {
    const method = rule.method.toLowerCase()
    if (method === 'keep') return []
    if (method === 'substitute') return this.substitute(node, rule.replaceWith)
    if (method === 'generalize' && !isPrimitiveType(node.specType)) {
      // The original fails on a primitive with extensions; Sluice does not (law 11.3).
      if (node.parent !== undefined && isPrimitiveType(node.parent.specType))
        throw new NotSpoken('generalize on a primitive with extensions')
      throw new RuleFailure('complex')
    }
    if (node.text === undefined) return []
    switch (method) {
      case 'redact':
        return this.redact(node)
      case 'dateshift':
        return this.dateShift(node)
      case 'cryptohash':
        return this.cryptoHash(node)
      case 'generalize':
        return generalize(node, rule)
      default:
        throw new NotSpoken(method)
    }
  }

  private redact(node: Node): string[] {
    const p = this.parameters
    const text = node.text ?? ''
    if (isDate(node)) return this.redactDate(node)
    if (node.type === 'decimal' && node.parent?.type === 'Age' && p.enablePartialAgesForRedact === true) {
      if (Number(text) > 89) setText(node, undefined)
      // Otherwise it stays the number it was.
      return ['REDACT']
    }
    if (node.name.toLowerCase() === 'postalcode' && p.enablePartialZipCodesForRedact === true) {
      const restricted = (p.restrictedZipCodeTabulationAreas ?? []) as string[]
      const kept = restricted.some((prefix) => text.startsWith(prefix)) ? 0 : 3
      setText(node, text.slice(0, kept) + text.slice(kept).replace(/\p{Nd}/gu, '0'))
      return ['ABSTRACT']
    }
    setText(node, undefined)
    return ['REDACT']
  }

  private redactDate(node: Node): string[] {
    const keepsYear = this.parameters.enablePartialDatesForRedact === true && !this.isOver89(node.text ?? '')
    setText(node, keepsYear ? node.text?.slice(0, 4) : undefined)
    return ['REDACT']
  }

  private isOver89(text: string): boolean {
    const [year = Number.NaN, month = 1, day = 1] = text.slice(0, 10).split('-').map(Number)
    const [thisYear = Number.NaN, thisMonth = 1, thisDay = 1] = this.input.asOf.split('-').map(Number)
    const before = thisMonth < month || (thisMonth === month && thisDay < day)
    return thisYear - year - (before ? 1 : 0) > 89
  }

  private dateShift(node: Node): string[] {
    const text = node.text ?? ''
    if (!isDate(node)) return []
    const date = /^\d{4}-\d\d-\d\d/.exec(text)?.[0]
    if (date === undefined || this.isOver89(text)) return this.redactDate(node)
    const shifted = new Date(Date.parse(date) + this.offsetDays() * 86_400_000).toISOString().slice(0, 10)
    const time = /^T(\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d:\d\d)$/.exec(text.slice(10))
    setText(node, time === null ? shifted : `${shifted}T${elementAt(time, 1).replace(/\d/g, '0')}${time[2]}`)
    return ['PERTURB']
  }

  private offsetDays(): number {
    const fixed = this.parameters.dateShiftFixedOffsetInDays
    if (typeof fixed === 'number') return fixed
    const id = this.root.children.find(({ name }) => name === 'id')?.text ?? ''
    const scoped = this.parameters.dateShiftScope !== 'resource' ? this.input.prefix : ''
    let offset = 0
    for (const byte of Buffer.from((scoped === '' ? id : scoped) + String(this.parameters.dateShiftKey)))
      offset = (offset * 131 + byte) % 101
    return offset - 50
  }

  private cryptoHash(node: Node): string[] {
    const key = String(this.parameters.cryptoHashKey)
    const hash = (text: string) => (text === '' ? '' : createHmac('sha256', key).update(text).digest('hex'))
    const text = node.text ?? ''
    const isReference = node.name === 'reference' && node.parent?.type === 'Reference'
    setText(node, isReference ? hashReference(this.spec, text, hash) : hash(text))
    return ['CRYPTOHASH']
  }

  private substitute(node: Node, replaceWith: unknown): string[] {
    const keepSet = new Set([node, ...descendantsOf(node)].filter((n) => this.isShielding(n)))
    if (!isPrimitiveType(node.specType)) this.merge(node, this.template(node, replaceWith), keepSet)
    else {
      this.merge(node, undefined, keepSet)
      const isScalar = typeof replaceWith !== 'object' || replaceWith === null
      const text = isScalar ? textOf(replaceWith) : JSON.stringify(replaceWith, null, 2)
      setText(node, replaceWith === null ? undefined : text)
    }
    for (const below of descendantsOf(node)) this.visited.add(below)
    return ['SUBSTITUTE']
  }

  private isShielding(node: Node): boolean {
    return this.visited.has(node) || descendantsOf(node).some((below) => this.visited.has(below))
  }

  private template(node: Node, replaceWith: unknown): Node {
    if (node.specType.includes('+') || node.isResource) throw new RuleFailure('no template for a component')
    const text = typeof replaceWith === 'string' ? replaceWith : JSON.stringify(replaceWith ?? {})
    try {
      return readTree(this.spec, text, node.specType, node)
    } catch {
      throw new RuleFailure('the template does not fit')
    }
  }

  private merge(node: Node, template: Node | undefined, keepSet: ReadonlySet<Node>): void {
    if (this.visited.has(node)) return
    const wanted = new Map<string, Node[]>()
    for (const child of template?.children ?? [])
      wanted.set(child.name, [...(wanted.get(child.name) ?? []), child])
    const added: Node[] = []
    for (const [name, targets] of wanted) {
      let i = 0
      for (const child of node.children.filter((c) => c.name === name)) {
        if (this.visited.has(child)) i++
        else if (i < targets.length) this.merge(child, targets[i++], keepSet)
        else if (keepSet.has(child)) this.merge(child, undefined, keepSet)
        else detach(child)
      }
      added.push(...targets.slice(i))
    }
    for (const child of [...node.children])
      if (!wanted.has(child.name) && !this.visited.has(child)) {
        if (keepSet.has(child)) this.merge(child, undefined, keepSet)
        else detach(child)
      }
    for (const child of added) node.children.push(adopted(child, node))
    node.text = template?.text
    node.kind = template?.kind
  }

  /** Section 4.1, and of 4.2 what the golden comparison sees: touched instants below meta become whole again. */
  private label(node: Node, records: ReadonlySet<string>): void {
    let meta = node.children.find(({ name }) => name === 'meta')
    if (meta === undefined) {
      meta = readTree(this.spec, '{}', 'Meta', { name: 'meta', key: 'meta', repeats: false, parent: node })
      node.children.push(meta)
    }
    for (const below of descendantsOf(meta))
      if (below.type === 'instant' && below.text !== undefined) below.text = wholeInstant(below.text)
    const codes = meta.children
      .filter(({ name }) => name === 'security')
      .map((coding) => coding.children.find(({ name }) => name === 'code')?.text?.toLowerCase())
    for (const [record, code, display] of LABELS)
      if (records.has(record) && !codes.includes(code.toLowerCase())) {
        const system = ['REDACT', 'ABSTRACT', 'CRYPTOHASH'].includes(record) ? { system: SYSTEM } : {}
        const place = { name: 'security', key: 'security', repeats: true, parent: meta }
        meta.children.push(readTree(this.spec, JSON.stringify({ ...system, code, display }), 'Coding', place))
      }
  }
}

const isDate = (node: Node): boolean => ['date', 'dateTime', 'instant'].includes(node.type)

/** What a method writes is text, whatever it was. */
function setText(node: Node, text: string | undefined): void {
  node.text = text
  node.kind = text === undefined ? undefined : 'string'
}

function detach(node: Node): void {
  if (node.parent !== undefined) node.parent.children = node.parent.children.filter((child) => child !== node)
}

function isAttached(node: Node): boolean {
  return node.parent === undefined || (node.parent.children.includes(node) && isAttached(node.parent))
}

const adopted = (node: Node, parent: Node): Node => Object.assign(node, { parent })

function wholeInstant(text: string): string {
  if (/^\d{4}$/.test(text)) return `${text}-01-01T00:00:00+00:00`
  return /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00+00:00` : text
}

function textOf(value: unknown): string {
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value)
}

function hashReference(spec: SpecTree, text: string, hash: (text: string) => string): string {
  if (text.startsWith('#')) return `#${hash(text.slice(1))}`
  const types = [...spec.resources].join('|')
  const literal = new RegExp(
    `^((?:https?://[A-Za-z0-9\\\\/.:%$]*)?(?:${types})/)([A-Za-z0-9.-]{1,64})(/_history/[A-Za-z0-9.-]{1,64})?$`,
  ).exec(text)
  if (literal !== null) return literal[1] + hash(elementAt(literal, 2)) + (literal[3] ?? '')
  const oid = /^urn:oid:([0-2](?:\.(?:0|[1-9]\d*))+)$/.exec(text)
  if (oid !== null) return `urn:oid:${hash(elementAt(oid, 1))}`
  const uuid = /^urn:uuid:([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$/.exec(text)
  return uuid === null ? hash(text) : `urn:uuid:${hash(elementAt(uuid, 1))}`
}

/** The conditions that the golden cases use on text; any other is not spoken. */
function generalize(node: Node, rule: Rule): string[] {
  const text = node.text ?? ''
  if (node.kind !== 'string' || isDate(node) || node.type === 'time')
    throw new NotSpoken('generalize on no text')
  for (const [condition, value] of Object.entries(rule.cases as Record<string, string>)) {
    const holds = CONDITIONS[condition]
    const result = /^'([^'\\]*)'$/.exec(value)?.[1]
    if (holds === undefined) throw new NotSpoken(condition)
    if (!holds(text)) continue
    if (value === '$this.substring(0,3)') setText(node, text.slice(0, 3))
    else if (result !== undefined) setText(node, result)
    else throw new NotSpoken(value)
    return ['GENERALIZE']
  }
  if (String(rule.otherValues ?? 'redact').toLowerCase() === 'redact') setText(node, undefined)
  return ['GENERALIZE']
}

const CONDITIONS: Readonly<Record<string, (text: string) => boolean>> = {
  "$this.startsWith('a') or $this.startsWith('h')": (text) => /^[ah]/.test(text),
  '$this.length() > 6': (text) => text.length > 6,
  '$this.length() < 8': (text) => text.length < 8,
  "$this in ('x' | 'y')": (text) => text === 'x' || text === 'y',
  true: () => true,
}
