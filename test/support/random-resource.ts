import { type ElementTree, type ElementType, isPrimitive, type Member } from '../../src/fhir/elements.js'
import type { Random } from './random.js'
import { randomPrimitive } from './random-values.js'

export interface ResourceOptions {
  /** The root's type; any by default. */
  readonly type?: string | undefined
  /** How many elements it has, about. */
  readonly elementCount?: number
  /** Probability that something stands in it that rejects the line. */
  readonly faults?: number
  /** Written as servers write it: no white space, nulls, empty values or escapes in keys. By chance by default. */
  readonly calm?: boolean
}

/**
 * The JSON text of a random resource: choice types, primitive extensions, nulls in arrays, contained resources and
 * Bundles, odd strings and numbers, keys in any order, white space. Valid for the version unless `faults` strikes.
 */
export function randomResource(random: Random, tree: ElementTree, options: ResourceOptions = {}): string {
  const type = options.type ?? random.pick([...tree.resources.keys()])
  const calm = options.calm ?? random.chance(0.6)
  const writer = new Writer(random, tree, options.elementCount ?? random.between(3, 60), calm)
  if (random.chance(options.faults ?? 0)) writer.faultAt = random.below(30)
  return writer.resource(type, 0)
}

class Writer {
  /** Counts down at each element; the fault strikes at 0. */
  faultAt = Number.POSITIVE_INFINITY
  private readonly spacing: number

  constructor(
    private readonly random: Random,
    private readonly tree: ElementTree,
    private left: number,
    private readonly calm: boolean,
  ) {
    this.spacing = calm ? 0 : random.pick([0, 0, 0, 0.2, 0.9])
  }

  resource(name: string, depth: number): string {
    const type = this.tree.resources.get(name) as ElementType
    const members = this.members(type, depth, [
      'id',
      'meta',
      'text',
      'contained',
      'entry',
      'extension',
      'parameter',
    ])
    const place = this.random.chance(0.8) ? 0 : this.random.below(members.length + 1)
    members.splice(place, 0, this.property('resourceType', JSON.stringify(name)))
    return this.object(members)
  }

  private members(type: ElementType, depth: number, likely: readonly string[] = []): string[] {
    const { random } = this
    const keysByName = new Map<string, string[]>()
    for (const { key, name } of type.members.values())
      keysByName.set(name, [...(keysByName.get(name) ?? []), key])
    // Extensions and ids may stand everywhere; without a brake there would be little else.
    const rare = (name: string): boolean => ['extension', 'modifierExtension', 'id'].includes(name)
    const usual = [...keysByName.keys()].filter((name) => !rare(name) || random.chance(0.12))
    const names = usual.length > 0 ? usual : [...keysByName.keys()].filter((name) => name === 'id')
    const wanted = random.between(depth === 0 ? 3 : 1, depth === 0 ? 14 : 4)
    const chosen = new Set(random.shuffled(names).slice(0, wanted))
    for (const name of likely) if (keysByName.has(name) && random.chance(0.35)) chosen.add(name)
    if (type.name === 'Extension') for (const name of ['url', 'value']) chosen.add(name)
    const written: string[] = []
    for (const name of random.shuffled([...chosen])) {
      if (this.left <= 0 && written.length > 0) break
      const keys = keysByName.get(name) as string[]
      // Two types of one choice element are accepted, though rare.
      const count = keys.length > 1 && random.chance(0.02) ? 2 : 1
      for (const key of random.shuffled(keys).slice(0, count))
        written.push(...this.member(type, type.members.get(key) as Member, depth))
    }
    return written
  }

  private member(owner: ElementType, member: Member, depth: number): string[] {
    const { random } = this
    this.left--
    if (this.faultAt-- === 0) return this.faulty(owner, member, depth)
    const many = member.cardinality === 'many'
    if (this.odd(0.01)) return [this.property(member.key, many && random.chance(0.5) ? '[]' : 'null')]
    if (!isPrimitive(member.type)) {
      const value = many
        ? this.array(random.between(1, 3), () => this.complex(member, depth))
        : this.complex(member, depth)
      return [this.property(member.key, value)]
    }
    return this.primitive(owner, member, many, depth)
  }

  /** Whether to write something that servers seldom write. */
  private odd(probability: number): boolean {
    return !this.calm && this.random.chance(probability)
  }

  private complex(member: Member, depth: number): string {
    const { random } = this
    if (member.type === this.tree.anyResource) {
      const any = [...this.tree.resources.keys()]
      return this.resource(random.pick(['Patient', 'Observation', 'Bundle', random.pick(any)]), depth + 1)
    }
    if (this.odd(0.01)) return random.pick(['{}', 'null'])
    if (depth > 6) return this.object([this.property('id', '"deep"')])
    const likely = {
      Meta: ['security', 'lastUpdated'],
      Reference: ['reference'],
      Age: ['value'],
      Quantity: ['value'],
      Coding: ['system', 'code'],
    }
    return this.object(this.members(member.type, depth + 1, likely[member.type.name as 'Meta'] ?? []))
  }

  private primitive(owner: ElementType, member: Member, many: boolean, depth: number): string[] {
    const { random } = this
    const value = () => randomPrimitive(random, member.type.name, `${owner.name}.${member.name}`, this.calm)
    const count = random.between(1, 3)
    const withValue = random.chance(this.calm ? 0.99 : 0.97)
    const withUnderscore = !withValue || (member.key !== 'id' && random.chance(this.calm ? 0.03 : 0.12))
    const side = () =>
      many && random.chance(0.3) ? 'null' : this.object(this.members(member.type, depth + 1))
    const properties: string[] = []
    if (withValue) properties.push(this.property(member.key, many ? this.array(count, value) : value()))
    if (withUnderscore) {
      const sideCount = random.chance(0.8) ? count : random.between(1, 3)
      properties.push(this.property(`_${member.key}`, many ? this.array(sideCount, side) : side()))
    }
    return random.chance(0.8) ? properties : properties.reverse()
  }

  private faulty(owner: ElementType, member: Member, depth: number): string[] {
    const { random } = this
    const good = this.member(owner, member, depth)
    switch (random.below(7)) {
      case 0:
        return [...good, this.property(`${member.key}X`, '1')]
      case 1:
        return [...good, ...good]
      case 2:
        return [this.property(member.key, random.pick(['{}', '[[]]', '"x"', '1', 'true', '[{}]', '{"a":1}']))]
      case 3:
        return [
          this.property(random.pick(['__proto__', 'constructor', 'resourceType', 'valueFoo']), '{"a":1}'),
        ]
      case 4:
        return [this.property(member.key, '"unclosed').slice(0, -1)]
      case 5:
        return [`${good[0] ?? '"a":1'}${random.pick([',', '}', '\u0001', ' 1'])}`]
      default:
        return [this.property(`_${member.key}`, random.pick(['"x"', '1', '[1]', '[[{}]]']))]
    }
  }

  private array(count: number, item: () => string): string {
    const items = Array.from({ length: count }, item)
    return `[${this.space()}${items.join(`${this.space()},${this.space()}`)}${this.space()}]`
  }

  private object(members: readonly string[]): string {
    return `{${this.space()}${members.join(`${this.space()},${this.space()}`)}${this.space()}}`
  }

  private property(key: string, value: string): string {
    return `${this.key(key)}${this.space()}:${this.space()}${value}`
  }

  private key(key: string): string {
    if (!this.odd(0.01)) return JSON.stringify(key)
    const at = this.random.below(key.length)
    const escaped = `\\u${key.charCodeAt(at).toString(16).padStart(4, '0')}`
    return `"${key.slice(0, at)}${escaped}${key.slice(at + 1)}"`
  }

  private space(): string {
    if (!this.random.chance(this.spacing)) return ''
    return this.random.pick([' ', '  ', '\t', '\r', ' \t '])
  }
}
