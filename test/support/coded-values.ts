import { type ElementType, elementTree } from '../../src/fhir/elements.js'
import type { FhirVersion } from '../../src/fhir/version.js'

/** A pair of system and code, or a `code` at an element. */
export type CodedValue =
  | { readonly system: string | undefined; readonly code: string | undefined }
  | { readonly element: string; readonly value: string }

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null

/** Yields the coded values of a resource, found by the element tree: what `codeSystems` judges. */
export function* codedValues(resource: Json, version: FhirVersion): Generator<CodedValue> {
  const type = elementTree(version).resources.get(String(resource.resourceType))
  if (type !== undefined) yield* within(resource, type, version)
}

const PAIRS = new Set(['Coding', 'Quantity', 'Age', 'Count', 'Distance', 'Duration', 'Money'])
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

function* within(object: Json, type: ElementType, version: FhirVersion): Generator<CodedValue> {
  const isPair = PAIRS.has(type.name) && type.members.has('system')
  if (isPair) yield { system: textOf(object.system), code: textOf(object.code) }
  for (const [key, child] of Object.entries(object)) {
    const member = type.members.get(key)
    if (member === undefined || (isPair && key === 'code')) continue
    for (const value of Array.isArray(child) ? child : [child]) {
      if (member.type.name === 'code' && typeof value === 'string')
        yield { element: `${type.id}.${member.name}`, value }
      if (!isObject(value)) continue
      if (member.type.isResource) yield* codedValues(value, version)
      else yield* within(value, member.type, version)
    }
  }
}
