import { type ElementTree, elementTree, isPrimitive } from '../../../fhir/elements.js'
import { FHIR_VERSIONS } from '../../../fhir/version.js'
import { print } from '../../expression/print.js'
import type { RulePath } from '../../path/rule-path.js'
import { listed } from '../elements/name-list.js'
import { concrete } from '../elements/place.js'
import { versionsWith } from '../elements/versions.js'
import type { Fault } from '../judge/faults.js'
import type { PathVerdict } from '../judge/verdict.js'
import type { FindingCode } from './codes.js'

/** Describes the faults of an unsound path, without advice. */
export function describe(
  path: RulePath,
  { found, faults, givesValues, typeCount }: PathVerdict,
  tree: ElementTree,
): { readonly code: FindingCode; readonly message: string } {
  if (typeCount === 0) return { code: 'never-matches', message: unknownType(path, tree) }
  const failing = faults.find(({ kind }) => kind === 'fails')
  if (failing !== undefined) return { code: 'fails', message: textOf(failing, tree) }
  const [first] = faults
  if (givesValues && (first === undefined || found.length === 0))
    return { code: 'fails', message: 'the path gives a value, and a rule needs elements' }
  if (first === undefined) return { code: 'never-matches', message: 'it selects nothing' }
  const message = textOf(first, tree)
  if (found.length === 0) return { code: 'never-matches', message }
  if (first.kind === 'partly-fails') return { code: 'partly-fails', message }
  return {
    code: first.isInCondition || first.kind === 'condition' ? 'dead-condition' : 'partly-never-matches',
    message,
  }
}

/** Describes a fault at one place, for people. */
export function textOf(fault: Fault, tree: ElementTree): string {
  const { kind, text, expression } = fault
  switch (kind) {
    case 'element':
      return `there is no element "${text}"${elsewhere(fault, tree)}`
    case 'type':
      return tree.dataTypes.has(text) || tree.resources.has(text)
        ? `nothing there has the type ${text}${typesThere(fault)}`
        : `FHIR ${tree.version} has no type "${text}"`
    case 'argument':
      return `the argument of ${text}() must be a text in single quotes`
    case 'condition':
    case 'pointless':
      return expression.op === 'binary' ? `${print(expression)}: ${text}` : text
    case 'fails':
    case 'partly-fails':
      return `${print(expression)}: ${text}`
  }
}

const MAX_TYPES = 12

/** Lists the types that an element may have, if they are few. */
function typesThere({ places }: Fault): string {
  const names = [...new Set(places.map(({ type }) => type.name))]
  return names.length === 0 || names.length > MAX_TYPES ? '' : `; it can be ${names.join(', ')}`
}

/** Names an element that JSON spells this way or that another version has. */
function elsewhere({ text, places }: Fault, tree: ElementTree): string {
  const types = places.flatMap(({ type }) => concrete(type, tree))
  const choice = types.map(({ members }) => members.get(text)).find((member) => member !== undefined)
  if (choice !== undefined) return `: it is the JSON name of ${choice.name} with the type ${choice.type.name}`
  const [root] = places
  if (tree.resources.has(text) && root !== undefined && tree.resources.has(root.type.name))
    return `: the rule applies to ${root.type.name} only, so ${text} needs a rule of its own`
  const [type] = types
  if (type !== undefined && types.every(isPrimitive))
    return `: ${type.name} is a primitive, which has no elements`
  const versions = versionsWith(text, types, tree)
  return versions.length === 0 ? '' : ` (${listed(versions)} ${versions.length > 1 ? 'have' : 'has'} it)`
}

function unknownType({ resourceType }: RulePath, tree: ElementTree): string {
  if (tree.dataTypes.has(resourceType)) return `${resourceType} is a data type, not a resource type`
  const versions = FHIR_VERSIONS.filter(
    (version) => version !== tree.version && elementTree(version).resources.has(resourceType),
  )
  const others =
    versions.length === 0 ? '' : ` (${listed(versions)} ${versions.length > 1 ? 'have' : 'has'} it)`
  return `FHIR ${tree.version} has no resource type ${resourceType}${others}`
}
