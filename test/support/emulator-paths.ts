import { elementAt, firstOf } from './elements.js'
import { isPrimitiveType, type Node } from './emulator-tree.js'

/** A path outside of what this emulator speaks: the case is left out. */
export class NotSpoken extends Error {}

const FAST = /^nodesBy(Type|Name)\('([A-Za-z0-9]+)'\)(?:\.([A-Za-z0-9]+))?$/

/** The leading type of a rule path (law 3.1). */
export const ruleType = (path: string): string => /^([A-Z][A-Za-z]*)?/.exec(path)?.[1] ?? ''

export const descendantsOf = (node: Node): Node[] =>
  node.children.flatMap((child) => [child, ...descendantsOf(child)])

/** All below a resource: child resources are in it, what is in them is not. Made before a resource's first rule. */
export const indexOf = (node: Node): Node[] =>
  node.children.flatMap((child) => (child.isResource ? [child] : [child, ...indexOf(child)]))

/** The nodes of a rule on a resource (law 3.4). */
export function selectNodes(path: string, resource: Node, index: readonly Node[]): Node[] {
  const fast = FAST.exec(path)
  if (fast !== null) {
    const [, by, name, step] = fast
    const hits = index.filter((node) => (by === 'Type' ? node.type : node.name) === name)
    return step === undefined ? hits : hits.flatMap((node) => childrenNamed(node, step))
  }
  const type = ruleType(path)
  if (path === type) return [resource]
  return evaluate(type === '' ? path : path.slice(type.length + 1), [resource])
}

/** A capitalised step tests the type at any depth. */
const childrenNamed = (node: Node, name: string): Node[] => {
  if (!/^[A-Z]/.test(name)) return node.children.filter((child) => child.name === name)
  return node.type === name || ['Resource', 'DomainResource'].includes(name) ? [node] : []
}

const STEP = /^(?:`(?<quoted>[^`]+)`|(?<call>[A-Za-z]+)\(|(?<name>[A-Za-z][A-Za-z0-9]*)|\[(?<at>\d+)\])/

function evaluate(path: string, focus: Node[]): Node[] {
  const cast = /^(.*) as (\w+)$/.exec(path)
  if (cast !== null) return evaluate(elementAt(cast, 1), focus).filter((node) => node.type === cast[2])
  let nodes = focus
  let rest = path
  if (rest.startsWith('(')) {
    const end = closing(rest, 0)
    nodes = evaluate(rest.slice(1, end), nodes)
    rest = rest.slice(end + 1)
  }
  while (rest !== '') {
    rest = rest.replace(/^\./, '')
    const { quoted, call, name, at } = STEP.exec(rest)?.groups ?? {}
    if (call !== undefined) {
      const end = closing(rest, call.length)
      nodes = invoke(call, rest.slice(call.length + 1, end), nodes)
      rest = rest.slice(end + 1)
    } else if (at !== undefined) {
      nodes = nodes.slice(Number(at), Number(at) + 1)
      rest = rest.slice(at.length + 2)
    } else if (name !== undefined || quoted !== undefined) {
      const step = name ?? quoted ?? ''
      nodes = nodes.flatMap((node) => childrenNamed(node, step))
      rest = rest.slice(step.length + (quoted === undefined ? 0 : 2))
    } else throw new NotSpoken(path)
  }
  return nodes
}

function closing(text: string, open: number): number {
  let depth = 0
  for (const match of text.matchAll(/'(?:[^'\\]|\\.)*'|[()]/g)) {
    if (match.index < open) continue
    if (match[0] === '(') depth++
    if (match[0] === ')' && --depth === 0) return match.index
  }
  throw new NotSpoken(text)
}

function invoke(name: string, argument: string, nodes: Node[]): Node[] {
  const literal = /^'([^'\\]*)'$/.exec(argument)?.[1]
  switch (name) {
    case 'nodesByType':
    case 'nodesByName':
      return nodes.flatMap((node) =>
        [node, ...withoutResources(node)].filter(
          (n) => (name === 'nodesByType' ? n.type : n.name) === literal,
        ),
      )
    case 'where':
      return nodes.filter((node) => holds(argument, node))
    case 'children':
      return nodes.flatMap((node) => node.children)
    case 'descendants':
      return nodes.flatMap(descendantsOf)
    case 'first':
      return nodes.slice(0, 1)
    case 'last':
      return nodes.slice(-1)
    case 'tail':
      return nodes.slice(1)
    case 'skip':
      return nodes.slice(Number(argument))
    case 'take':
      return nodes.slice(0, Number(argument))
    case 'ofType':
      return nodes.filter((node) => node.type === argument)
    default:
      throw new NotSpoken(name)
  }
}

const withoutResources = (node: Node): Node[] =>
  node.children.flatMap((child) => (child.isResource ? [] : [child, ...withoutResources(child)]))

function holds(criterion: string, node: Node): boolean {
  const type = /^\$this is (\w+)$/.exec(criterion)?.[1]
  if (type !== undefined) return node.type === type
  const exists = /^(\w+)\.exists\(\)$/.exec(criterion)?.[1]
  if (exists !== undefined) return childrenNamed(node, exists).length > 0
  const equal = /^(\w+) ?= ?'([^'\\]*)'$/.exec(criterion)
  if (equal === null) throw new NotSpoken(criterion)
  const found = childrenNamed(node, elementAt(equal, 1))
  // Collections of other lengths are different, text equals only text.
  if (found.length !== 1 || !isPrimitiveType(firstOf(found).type)) return false
  if (/date|instant|time/i.test(firstOf(found).type)) throw new NotSpoken(criterion)
  return firstOf(found).kind === 'string' && firstOf(found).text === equal[2]
}
