import { fhirModel } from './fhirpath.js'
import type { FhirModel } from './model.js'
import type { FhirVersion } from './version.js'

/** The JSON kind of a type's values: an object, or one of the three primitive kinds. */
export type JsonKind = 'object' | 'string' | 'number' | 'boolean'

/** A FHIR type with the members that its JSON object may have. Each path of a backbone element has its own type. */
export interface ElementType {
  /** Id, unique within a version: `Patient`, `Patient.contact`, `HumanName`, `code`. */
  readonly id: string
  /** Name that rules compare with: `Patient`, `BackboneElement`, `Element`, `HumanName`, `code`. */
  readonly name: string
  readonly jsonKind: JsonKind
  /** Whether this is a resource type. `Resource` itself means "a resource of any type". */
  readonly isResource: boolean
  /** Members by JSON key, without `resourceType` and `_` keys; for a primitive, the members of its `_` object. */
  readonly members: ReadonlyMap<string, Member>
}

/** One JSON key of an object. A choice element has one key for each of its types. */
export interface Member {
  /** JSON key without `_`: `birthDate`, `valueQuantity`. */
  readonly key: string
  /** Element name without choice suffix: `birthDate`, `value`. */
  readonly name: string
  readonly cardinality: 'one' | 'many'
  readonly type: ElementType
}

/** The element tree of one FHIR version (source: the models of fhirpath.js). */
export interface ElementTree {
  readonly version: FhirVersion
  /** Concrete resource types by name. */
  readonly resources: ReadonlyMap<string, ElementType>
  /** The type of a child resource until its `resourceType` is read. */
  readonly anyResource: ElementType
  /** Data types (complex and primitive) by name. */
  readonly dataTypes: ReadonlyMap<string, ElementType>
}

const ABSTRACT = new Set(['Resource', 'DomainResource', 'CanonicalResource', 'MetadataResource'])
const ABSTRACT_DATA = new Set(['Element', 'BackboneElement', 'BackboneType', 'DataType', 'PrimitiveType'])
const NUMBERS = new Set(['decimal', 'integer', 'positiveInt', 'unsignedInt'])

const trees = new Map<FhirVersion, ElementTree>()

/** Returns the element tree of a version, which is built once. */
export function elementTree(version: FhirVersion): ElementTree {
  let tree = trees.get(version)
  if (tree === undefined) {
    tree = buildTree(version)
    trees.set(version, tree)
  }
  return tree
}

/**
 * A type whose members are built on first use. It is a class so that all types share one hidden class, on which the
 * interpreter's speed depends.
 */
class LazyType implements ElementType {
  readonly id: string
  readonly name: string
  readonly jsonKind: JsonKind
  readonly isResource: boolean
  #built: ReadonlyMap<string, Member> | undefined

  readonly #build: (owner: ElementType) => ReadonlyMap<string, Member>

  constructor(
    facts: Omit<ElementType, 'members'>,
    build: (owner: ElementType) => ReadonlyMap<string, Member>,
  ) {
    this.#build = build
    this.id = facts.id
    this.name = facts.name
    this.jsonKind = facts.jsonKind
    this.isResource = facts.isResource
  }

  get members(): ReadonlyMap<string, Member> {
    this.#built ??= this.#build(this)
    return this.#built
  }
}

export const isPrimitive = (type: ElementType): boolean => type.jsonKind !== 'object'

/** Types whose `value` is a number that expresses an amount. */
const QUANTITIES = new Set([
  'Age',
  'Count',
  'Duration',
  'Distance',
  'Money',
  'Quantity',
  'SimpleQuantity',
  'MoneyQuantity',
])

export const isQuantity = (type: ElementType): boolean => QUANTITIES.has(type.name)

function buildTree(version: FhirVersion): ElementTree {
  const model = fhirModel(version)
  const paths = memberPaths(version, model)
  const types = new Map<string, ElementType>()
  const typeAt = (id: string, name: string, isResource: boolean): ElementType => {
    const known = types.get(id)
    if (known !== undefined) return known
    const type = new LazyType({ id, name, jsonKind: jsonKind(name, model), isResource }, buildMembers)
    types.set(id, type)
    return type
  }
  const buildMembers = (owner: ElementType): Map<string, Member> => {
    const members = new Map<string, Member>()
    const ownPath = SAME_MEMBERS[owner.id] ?? model.pathsDefinedElsewhere[owner.id] ?? owner.id
    for (const [key, typeName] of paths.get(ownPath) ?? []) {
      const path = `${ownPath}.${key}`
      if (owner.jsonKind !== 'object' && key !== 'id' && key !== 'extension') continue
      const name = elementName(ownPath, key, model)
      const type = memberType(owner, path, typeName)
      // The tables list `xhtml.extension` as single, although every extension repeats by the specification.
      const isRepeated = model.path2Repeating[path] === true || path === 'xhtml.extension'
      const many = isRepeated || (isReference(path, model) && !isSingleReference(version, path))
      members.set(key, { key, name, cardinality: many ? 'many' : 'one', type })
    }
    return members
  }
  const memberType = (owner: ElementType, path: string, typeName: string): ElementType => {
    if (typeName === 'BackboneElement' || typeName === 'Element')
      return typeAt(model.pathsDefinedElsewhere[path] ?? path, typeName, false)
    if (ABSTRACT.has(typeName)) return anyResource
    const name = corrected(version, path, typeName, owner.isResource)
    return typeAt(name, name, isResourceType(name, model))
  }
  const anyResource = typeAt('Resource', 'Resource', true)
  const resources = new Map<string, ElementType>()
  const dataTypes = new Map<string, ElementType>()
  for (const name of Object.keys(model.type2Parent)) {
    if (ABSTRACT.has(name) || ABSTRACT_DATA.has(name)) continue
    const isResource = isResourceType(name, model)
    ;(isResource ? resources : dataTypes).set(name, typeAt(name, name, isResource))
  }
  return { version, resources, anyResource, dataTypes }
}

/** Returns the JSON keys with their type names, by parent path. */
function memberPaths(version: FhirVersion, model: FhirModel): Map<string, [key: string, type: string][]> {
  const paths = new Map<string, [string, string][]>()
  // An element whose content is defined elsewhere has no type of its own in the tables.
  const referring = Object.entries(model.pathsDefinedElsewhere)
    .filter(([path]) => model.path2Type[path] === undefined)
    .map(([path, target]) => [path, model.path2Type[target] ?? 'BackboneElement'] as const)
  for (const [path, type] of [...Object.entries(model.path2Type), ...referring, ...ADDED[version]]) {
    const dot = path.lastIndexOf('.')
    if (dot < 0) continue
    const owner = path.slice(0, dot)
    const list = paths.get(owner)
    if (list === undefined) paths.set(owner, [[path.slice(dot + 1), type]])
    else list.push([path.slice(dot + 1), type])
  }
  return paths
}

/** Elements that the original's model accepts but fhirpath.js' tables lack (law 2.8). */
const ADDED: Readonly<Record<FhirVersion, readonly (readonly [path: string, type: string])[]>> = {
  STU3: [
    ['Extension.valueUrl', 'url'],
    ['UsageContext.valueReference', 'Reference'],
  ],
  R4: [],
  R4B: [],
  R5: [],
}

/** Primitives that the tables lack, with the primitive whose members (`id`, `extension`) they share. */
const SAME_MEMBERS: Readonly<Record<string, string>> = { url: 'uri' }

/**
 * Whether an element is defined by reference to another (`Questionnaire.item.item`). The tables have no cardinality
 * for these.
 */
const isReference = (path: string, model: FhirModel): boolean =>
  model.pathsDefinedElsewhere[path] !== undefined && model.path2Type[path] === undefined

// Elements defined by reference repeat, except for these (source: the StructureDefinitions of each version).
const SINGLE_REFERENCES =
  /^(?:(?:ClaimResponse|ExplanationOfBenefit)\..*\.reviewOutcome|ExampleScenario\.process\.step\.operation\.re(?:quest|sponse)|Substance(?:Specification|Definition)\.structure\.molecularWeight|Test(?:Report|Script)\.(?:test|teardown)\.action\.(?:operation|assert))$/

const isSingleReference = (version: FhirVersion, path: string): boolean =>
  SINGLE_REFERENCES.test(path) || (version === 'R5' && path === 'ExampleScenario.process.step.process')

/**
 * Returns the FHIR type name: fhirpath.js names some primitives by their System type, and SimpleQuantity is a
 * profile, not a type.
 */
function corrected(version: FhirVersion, path: string, typeName: string, ofResource: boolean): string {
  if (version === 'STU3' && path === 'Attachment.url') return 'url'
  if (typeName === 'SimpleQuantity') return 'Quantity'
  if (!typeName.startsWith('System.')) return typeName
  if (path.endsWith('.id')) return ofResource ? 'id' : 'string'
  if (path === 'Extension.url') return 'uri'
  if (path.endsWith('.div')) return 'xhtml'
  const system = typeName.slice('System.'.length)
  return system.charAt(0).toLowerCase() + system.slice(1)
}

function jsonKind(name: string, model: FhirModel): JsonKind {
  if (name === 'boolean') return 'boolean'
  if (NUMBERS.has(name)) return 'number'
  const parent = model.type2Parent[name]
  const lowerCase = name.charAt(0) !== name.charAt(0).toUpperCase()
  return lowerCase && (parent !== undefined || name === 'url') ? 'string' : 'object'
}

function isResourceType(name: string, model: FhirModel): boolean {
  for (let type: string | undefined = name; type !== undefined; type = model.type2Parent[type])
    if (type === 'Resource') return true
  return false
}

/** Returns the element name of a key without its choice suffix: `value` for `valueQuantity`. */
function elementName(ownerPath: string, key: string, model: FhirModel): string {
  if (`${ownerPath}.${key}` === 'Extension.valueUrl') return 'value'
  if (`${ownerPath}.${key}` === 'UsageContext.valueReference') return 'value'
  for (let length = key.length - 1; length > 0; length--) {
    if (key.charCodeAt(length) > 90) continue
    const name = key.slice(0, length)
    if (model.choiceTypePaths[`${ownerPath}.${name}`]?.includes(key.slice(length))) return name
  }
  return key
}
