import type { ElementTree, ElementType, Member } from '../../../fhir/elements.js'

/** A kind of node that a rule can reach: an element below a parent, or a resource. */
export interface Place {
  readonly type: ElementType
  /** Element name; '' for the resource itself, and if only the type is known. */
  readonly name: string
  readonly parent?: Place
  /** Whether the node is somewhere below a resource, at an unknown depth. */
  readonly floating: boolean
}

/** An element of a type, without the position of its parent. */
export interface OwnedMember {
  readonly owner: ElementType
  readonly member: Member
}

export const rootPlace = (resource: ElementType): Place => ({ type: resource, name: '', floating: false })

/** Whether a place is the resource whose rules apply, rather than something inside it. */
export const isRoot = ({ parent, floating }: Place): boolean => parent === undefined && !floating

/** Returns the types of a place: all resource types, if FHIR allows any resource there. */
export const concrete = (type: ElementType, tree: ElementTree): readonly ElementType[] =>
  type === tree.anyResource ? [...tree.resources.values()] : [type]

// Trees live as long as the process, so facts derived from their types are computed once.
const namedMembers = new WeakMap<ElementType, ReadonlyMap<string, readonly Member[]>>()
const below = new WeakMap<ElementType, BelowIndex>()
const everything = new WeakMap<ElementType, readonly Place[]>()

/** A choice element has a member for each of its types. */
export function membersNamed(type: ElementType, name: string): readonly Member[] {
  let byName = namedMembers.get(type)
  if (byName === undefined) {
    const lists = new Map<string, Member[]>()
    for (const member of type.members.values()) listed(lists, member.name).push(member)
    byName = lists
    namedMembers.set(type, byName)
  }
  return byName.get(name) ?? []
}

/** Returns the children of a name, and whether they repeat. */
export const placesNamed = (
  places: readonly Place[],
  name: string,
  tree: ElementTree,
): readonly { readonly place: Place; readonly cardinality: Member['cardinality'] }[] =>
  places.flatMap((parent) =>
    concrete(parent.type, tree).flatMap((owner) =>
      membersNamed(owner, name).map(({ type, cardinality }) => ({
        place: { type, name, parent, floating: parent.floating },
        cardinality,
      })),
    ),
  )

interface Search {
  readonly byType: boolean
  readonly wanted: string
  /** Finds child resources too, but nothing inside them. */
  readonly isIndexed: boolean
}

/** Returns the kinds of nodes of a name or type at any depth below a type. */
export function searchedBelow(root: ElementType, search: Search, tree: ElementTree): readonly Place[] {
  const { byType, wanted, isIndexed } = search
  const index = indexOf(root)
  const key = `${byType} ${isIndexed} ${wanted}`
  const known = index.places.get(key)
  if (known !== undefined) return known
  const members = byType ? typedBelow(index, wanted, tree) : (index.byName.get(wanted) ?? [])
  const reached = members.filter(({ member }) => isIndexed || !member.type.isResource)
  const places = byType ? placesOfType(reached, wanted, tree) : reached.map(floatingPlace)
  index.places.set(key, places)
  return places
}

/** Key of a place, independent of what it is below. */
const floatingPlaces = new WeakMap<Member, Place>()

function floatingPlace({ owner, member }: OwnedMember): Place {
  const known = floatingPlaces.get(member)
  if (known !== undefined) return known
  const parent: Place = { type: owner, name: '', floating: true }
  const place: Place = { type: member.type, name: member.name, floating: true, parent }
  floatingPlaces.set(member, place)
  return place
}

const typePlaces = new WeakMap<ElementType, Place>()

function placesOfType(members: readonly OwnedMember[], name: string, tree: ElementTree): readonly Place[] {
  const types = new Set(members.flatMap(({ member }) => concrete(member.type, tree)))
  return [...types]
    .filter((type) => type.name === name)
    .map((type) => {
      const place = typePlaces.get(type) ?? { type, name: '', floating: true }
      typePlaces.set(type, place)
      return place
    })
}

/** A place that holds any resource counts for every resource type. */
function typedBelow({ byType }: BelowIndex, name: string, tree: ElementTree): readonly OwnedMember[] {
  const found = byType.get(name) ?? []
  return tree.resources.has(name) ? [...found, ...(byType.get(tree.anyResource.name) ?? [])] : found
}

interface BelowIndex {
  readonly byName: ReadonlyMap<string, readonly OwnedMember[]>
  readonly byType: ReadonlyMap<string, readonly OwnedMember[]>
  /** Results by search. */
  readonly places: Map<string, readonly Place[]>
}

function indexOf(root: ElementType): BelowIndex {
  const known = below.get(root)
  if (known !== undefined) return known
  const byName = new Map<string, OwnedMember[]>()
  const byType = new Map<string, OwnedMember[]>()
  for (const owned of collect(root, (type) => (type.isResource && type !== root ? [] : [type]))) {
    listed(byName, owned.member.name).push(owned)
    listed(byType, owned.member.type.name).push(owned)
  }
  const index = { byName, byType, places: new Map() }
  below.set(root, index)
  return index
}

function listed<T>(lists: Map<string, T[]>, key: string): T[] {
  const known = lists.get(key)
  if (known !== undefined) return known
  const list: T[] = []
  lists.set(key, list)
  return list
}

/**
 * Returns a place for each kind of element at any depth below a type, including inside child resources. All count as
 * inside one, because it is unknown what claims them.
 */
export function descendantsOf(root: ElementType, tree: ElementTree): readonly Place[] {
  const known = everything.get(root)
  if (known !== undefined) return known
  const inside: Place = { type: tree.anyResource, name: '', floating: true }
  const found = new Map<string, Place>()
  for (const { member } of collect(root, (type) => concrete(type, tree)))
    found.set(`${member.name} ${member.type.id}`, {
      type: member.type,
      name: member.name,
      floating: true,
      parent: inside,
    })
  const places = [...found.values()]
  everything.set(root, places)
  return places
}

function collect(root: ElementType, enter: (type: ElementType) => readonly ElementType[]): OwnedMember[] {
  const found: OwnedMember[] = []
  const seen = new Set<ElementType>()
  const visit = (type: ElementType): void => {
    for (const owner of enter(type)) {
      if (seen.has(owner)) continue
      seen.add(owner)
      for (const member of owner.members.values()) {
        found.push({ owner, member })
        visit(member.type)
      }
    }
  }
  visit(root)
  return found
}
