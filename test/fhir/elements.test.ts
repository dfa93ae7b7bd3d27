import t from 'tap'
import { type ElementType, elementTree, type Member } from '../../src/fhir/elements.js'
import { readShared, skipWithoutShared } from '../support/shared.js'

interface SpecElement {
  readonly name: string
  readonly types: readonly string[]
  readonly repeats?: boolean
  readonly choice?: boolean
}
interface SpecTree {
  readonly resources: readonly string[]
  readonly types: Readonly<Record<string, readonly SpecElement[]>>
}

// Where the two trees may differ, with the reason; each is needed.
const BOTH_VERSIONS = [
  {
    pattern: /: either, not (one|many)$/,
    reason: 'the tables do not tell: array and single value both pass',
  },
]
const LISTED = {
  R4: [
    ...BOTH_VERSIONS,
    {
      pattern: /Integer64: missing$/,
      reason: 'R4 has no integer64; the SDK of the original has it all the same',
    },
  ],
  STU3: BOTH_VERSIONS,
}

for (const version of ['R4', 'STU3'] as const) {
  const file = `spec/elements-${version.toLowerCase()}.json.gz`
  t.test(`${version}: the element tree is the original's`, { skip: skipWithoutShared(file) }, async (t) => {
    const spec = JSON.parse(readShared(file)) as SpecTree
    t.ok(spec.resources.length > 100, 'the reference names the resource types')
    const found = compareTrees(spec, version)
    for (const { reason, pattern } of LISTED[version]) {
      const count = found.filter((difference) => pattern.test(difference)).length
      console.log(`# elements: ${version}: ${count} listed: ${reason}`)
      t.ok(count > 0, reason)
    }
    const listed = (difference: string) => LISTED[version].some(({ pattern }) => pattern.test(difference))
    const unlisted = found.filter((difference) => !listed(difference))
    t.strictSame(unlisted, [])
  })
}

function compareTrees(spec: SpecTree, version: 'R4' | 'STU3'): string[] {
  const tree = elementTree(version)
  const found: string[] = []
  const known = new Set([...spec.resources])
  for (const name of tree.resources.keys()) if (!known.has(name)) found.push(`${name}: only in our tree`)
  const seen = new Set<string>()
  const visit = (specName: string, type: ElementType): void => {
    if (seen.has(`${specName} ${type.id}`)) return
    seen.add(`${specName} ${type.id}`)
    const elements = spec.types[specName]
    if (elements === undefined) return
    const keys = new Set<string>()
    for (const element of elements)
      for (const [specType, member] of membersOf(element, type, found)) {
        keys.add(member.key)
        checkMember({ at: `${type.id}.${member.key}`, element, specType, member, spec }, found)
        visit(specType, member.type)
      }
    for (const key of type.members.keys())
      if (!keys.has(key)) found.push(`${type.id}.${key}: only in our tree`)
  }
  for (const name of spec.resources) {
    const type = tree.resources.get(name)
    if (type === undefined) found.push(`${name}: missing`)
    else visit(name, type)
  }
  for (const [name, type] of tree.dataTypes) if (name in spec.types) visit(name, type)
  return found
}

function membersOf(element: SpecElement, owner: ElementType, found: string[]): [specType: string, Member][] {
  if (element.choice !== true) {
    const member = owner.members.get(element.name)
    if (member === undefined) found.push(`${owner.id}.${element.name}: missing`)
    return member === undefined ? [] : [[element.types[0], member]]
  }
  const suffixOf = (type: string): string => type.charAt(0).toUpperCase() + type.slice(1)
  if (element.types[0] === 'DataType')
    return [...owner.members.values()]
      .filter(({ name, key }) => name === element.name && key !== name)
      .map((member) => [member.type.name, member])
  return element.types.flatMap((type): [string, Member][] => {
    const member = owner.members.get(element.name + suffixOf(type))
    if (member === undefined) found.push(`${owner.id}.${element.name}${suffixOf(type)}: missing`)
    return member === undefined ? [] : [[type, member]]
  })
}

interface Checked {
  readonly at: string
  readonly element: SpecElement
  readonly specType: string
  readonly member: Member
  readonly spec: SpecTree
}

function checkMember({ at, element, specType, member, spec }: Checked, found: string[]): void {
  if (member.name !== element.name) found.push(`${at}: named ${member.name}, not ${element.name}`)
  const cardinality = element.repeats === true ? 'many' : 'one'
  if (member.cardinality !== cardinality) found.push(`${at}: ${member.cardinality}, not ${cardinality}`)
  const typeName = specType.includes('+') ? componentName(spec, specType) : specType
  if (member.type.name !== typeName) found.push(`${at}: type ${member.type.name}, not ${typeName}`)
}

/** Components of resources are backbone elements (they have `modifierExtension`), those of data types elements. */
function componentName(spec: SpecTree, specType: string): string {
  const isBackbone = spec.types[specType].some(({ name }) => name === 'modifierExtension')
  return isBackbone ? 'BackboneElement' : 'Element'
}
