import type { ElementTree, ElementType, Member } from '../../src/fhir/elements.js'

/** Deep enough for the paths of the tests; recursive elements end there. */
const MAX_LEVELS = 6

/**
 * A resource with every element that its type can have, each choice element with one type after the other: as many
 * lines as the largest choice has types, but no more than `maxLines`. Strings are texts, dates are real.
 */
export function fullResources(type: ElementType, tree: ElementTree, maxLines = 12): readonly string[] {
  const lines: string[] = []
  for (let choice = 0; choice < maxLines; choice++) {
    const writer = new Writer(tree, choice)
    lines.push(JSON.stringify(writer.object(type, 0, new Set())))
    if (!writer.hasMore) break
  }
  return lines
}

class Writer {
  /** Some choice element has more types than those written so far. */
  hasMore = false

  constructor(
    private readonly tree: ElementTree,
    private readonly choice: number,
  ) {}

  object(type: ElementType, depth: number, above: ReadonlySet<ElementType>): Record<string, unknown> {
    const filled: Record<string, unknown> = type.isResource ? { resourceType: type.name } : {}
    const byName = new Map<string, Member[]>()
    for (const member of type.members.values())
      byName.set(member.name, [...(byName.get(member.name) ?? []), member])
    for (const members of byName.values()) {
      const member = members[Math.min(this.choice, members.length - 1)]
      if (depth < 3 && this.choice < members.length - 1) this.hasMore = true
      const value =
        member === undefined ? undefined : this.value(member, depth + 1, new Set([...above, type]))
      if (member !== undefined && value !== undefined)
        filled[member.key] = member.cardinality === 'one' ? value : [value]
    }
    return filled
  }

  private value({ type, name }: Member, depth: number, above: ReadonlySet<ElementType>): unknown {
    if (type === this.tree.anyResource) return depth > 2 ? undefined : { resourceType: 'Basic', id: 'b' }
    if (type.jsonKind === 'boolean') return true
    if (type.jsonKind === 'number') return 7
    if (type.jsonKind === 'string') return TEXTS[type.name] ?? `text of ${name}`
    if (depth > MAX_LEVELS || above.has(type)) return undefined
    if (type.name === 'Extension') return { url: 'http://test/ext', valueString: 'x' }
    if (type.name === 'Meta' && depth > 2) return undefined
    const filled = this.object(type, depth, above)
    return Object.keys(filled).length === 0 ? undefined : filled
  }
}

const TEXTS: Readonly<Record<string, string>> = {
  date: '1980-06-05',
  dateTime: '1980-06-05T07:08:09Z',
  instant: '1980-06-05T07:08:09Z',
  time: '07:08:09',
}
