import type { ElementTree, ElementType } from '../../src/fhir/elements.js'

/** Returns the types that a path of the presets reaches in a version, as far as names tell; criteria are passed over. */
export function reachedTypes(tree: ElementTree, path: string): readonly ElementType[] {
  const [first = '', ...steps] = stepsOf(path)
  const type = /^nodesByType\('(\w+)'\)$/.exec(first)?.[1]
  let at: readonly ElementType[] = []
  if (type !== undefined) at = allTypes(tree).filter(({ name }) => name === type)
  else if (first === 'Resource') at = [...tree.resources.values()]
  else at = [tree.resources.get(first) ?? []].flat()
  for (const step of steps) at = at.flatMap((owner) => after(owner, step))
  return at
}

function after(owner: ElementType, step: string): readonly ElementType[] {
  const ofType = /^ofType\((\w+)\)$/.exec(step)?.[1]
  if (ofType !== undefined) return owner.name === ofType ? [owner] : []
  const below = /^nodesByName\('(\w+)'\)$/.exec(step)?.[1]
  const members = below === undefined ? [...owner.members.values()] : membersBelow(owner)
  return members.filter(({ name }) => name === (below ?? step)).map((member) => member.type)
}

/** Splits a path at its dots, without `where(…)`. */
function stepsOf(path: string): readonly string[] {
  const steps: string[] = []
  let depth = 0
  let step = ''
  for (const c of `${path}.`) {
    if (c === '(') depth++
    if (c === ')') depth--
    if (c !== '.' || depth > 0) step += c
    else {
      if (!step.startsWith('where(')) steps.push(step)
      step = ''
    }
  }
  return steps
}

function membersBelow(owner: ElementType, seen = new Set<string>()) {
  const found = [...owner.members.values()]
  for (const { type } of [...found]) {
    if (type.isResource || seen.has(type.id)) continue
    seen.add(type.id)
    found.push(...membersBelow(type, seen))
  }
  return found
}

const typesOfTrees = new WeakMap<ElementTree, readonly ElementType[]>()

/** All types that occur in resources of a version. */
function allTypes(tree: ElementTree): readonly ElementType[] {
  let types = typesOfTrees.get(tree)
  if (types === undefined) {
    const seen = new Map<string, ElementType>()
    const visit = (type: ElementType): void => {
      if (seen.has(type.id)) return
      seen.set(type.id, type)
      for (const member of type.members.values()) visit(member.type)
    }
    for (const resource of tree.resources.values()) visit(resource)
    types = [...seen.values()]
    typesOfTrees.set(tree, types)
  }
  return types
}
