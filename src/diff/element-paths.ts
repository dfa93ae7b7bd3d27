import { type ElementType, elementTree } from '../fhir/elements.js'
import { FHIR_VERSIONS, type FhirVersion } from '../fhir/version.js'
import { concernOf, type ElementNode } from './element-node.js'
import { OUTCOMES } from './outcome.js'

// The version of an export is not written anywhere: the first one that knows an element names its type.
const VERSIONS: readonly FhirVersion[] = ['R4', ...FHIR_VERSIONS.filter((version) => version !== 'R4')]

/** More elements than all resource types use; hostile data cannot make more. */
const MAX_NODES = 50_000

/** Every element that occurs, by resource type. Grows with the kinds of elements, not with the data. */
export class ElementPaths {
  readonly #roots = new Map<string, ElementNode>()
  #nodeCount = 0

  /** `(unknown)` for a type that no FHIR version knows. */
  root(resourceType: string): ElementNode {
    const known = this.#roots.get(resourceType)
    if (known !== undefined) return known
    const type = firstOf((version) => elementTree(version).resources.get(resourceType))
    const name = type === undefined ? UNKNOWN : resourceType
    let root = this.#roots.get(name)
    if (root === undefined) {
      root = this.#node({
        path: name,
        key: name,
        typeName: name,
        type,
        parent: undefined,
        concern: undefined,
      })
      this.#roots.set(name, root)
    }
    return root
  }

  /** The element of a JSON key without its `_`. Elements that contain themselves are one: `item.item` is `item`. */
  child(node: ElementNode, key: string): ElementNode {
    const known = node.children.get(key)
    if (known !== undefined) return known
    const type = node.type === undefined ? undefined : memberType(node, key)
    if (type === undefined || this.#nodeCount >= MAX_NODES) return this.#unknown(node)
    const isSame = node.key === key && node.type?.element.id === type.element.id
    const child = isSame ? node : this.#known(node, key, type)
    node.children.set(key, child)
    return child
  }

  *roots(): Iterable<ElementNode> {
    yield* this.#roots.values()
  }

  #known(parent: ElementNode, key: string, type: Typed): ElementNode {
    const typeName = type.element.name
    const concern = concernOf(parent, key, typeName)
    return this.#node({ path: `${parent.path}.${key}`, key, typeName, type, parent, concern })
  }

  /** One for all unknown keys of an element, and for what is below them. */
  #unknown(parent: ElementNode): ElementNode {
    if (parent.key === UNKNOWN && parent.parent !== undefined) return parent
    let child = parent.children.get(UNKNOWN)
    if (child === undefined) {
      const path = `${parent.path}.${UNKNOWN}`
      const { concern } = parent
      child = this.#node({ path, key: UNKNOWN, typeName: 'unknown', type: undefined, parent, concern })
      parent.children.set(UNKNOWN, child)
    }
    return child
  }

  #node(facts: Omit<ElementNode, 'counts' | 'children'>): ElementNode {
    this.#nodeCount += 1
    return { ...facts, counts: new Float64Array(OUTCOMES.length), children: new Map() }
  }
}

/** The elements of a root in the order of their paths, itself first. */
export function* nodesOf(node: ElementNode): Iterable<ElementNode> {
  yield node
  const children = [...node.children.values()].filter((child) => child !== node)
  for (const child of children.sort((a, b) => (a.path < b.path ? -1 : 1))) yield* nodesOf(child)
}

const UNKNOWN = '(unknown)'

type Typed = NonNullable<ElementNode['type']>

function firstOf(find: (version: FhirVersion) => ElementType | undefined): Typed | undefined {
  for (const version of VERSIONS) {
    const element = find(version)
    if (element !== undefined) return { version, element }
  }
  return undefined
}

/** By the parent's own version; where that does not know the key, by the path in the others. */
function memberType(parent: ElementNode, key: string): Typed | undefined {
  const own = parent.type?.element.members.get(key)?.type
  if (parent.type !== undefined && own !== undefined) return { version: parent.type.version, element: own }
  const keys = [key]
  let root = parent
  for (; root.parent !== undefined; root = root.parent) keys.unshift(root.key)
  return firstOf((version) => {
    let type = elementTree(version).resources.get(root.key)
    for (const step of keys) type = type?.members.get(step)?.type
    return type
  })
}
