import { type ElementTree, type ElementType, elementTree } from '../fhir/elements.js'
import type { FhirVersion } from '../fhir/version.js'
import { nearestName } from '../rules/lint/advice/nearest-name.js'

/** A path of a test, such as `Patient[1].name[0].given`: it selects the values at and below the element. */
export interface ValuePath {
  readonly resourceType: string
  /** Of the given resources of that type, from 0; undefined for all. */
  readonly at: number | undefined
  readonly steps: readonly PathStep[]
}

interface PathStep {
  /** JSON keys: one, or for a choice element without its type those of all types. */
  readonly keys: ReadonlySet<string>
  readonly index: number | undefined
}

const PATH = /^[A-Za-z]\w*(?:\[\d{1,6}\])?(?:\._?[A-Za-z]\w*(?:\[\d{1,6}\])?)*$/

/** Reads a path. Returns what is wrong with it as the end of a sentence that begins with the path. */
export function parseValuePath(text: string, version: FhirVersion): ValuePath | string {
  if (!PATH.test(text))
    return 'is not a path: write a resource type and element names with dots, such as Patient.name[0].family'
  const tree = elementTree(version)
  const [root = '', ...rest] = text.split('.')
  const { name: resourceType, index: at } = splitStep(root)
  const type = tree.resources.get(resourceType)
  if (type === undefined)
    return `does not begin with a resource type of ${version}${advice(resourceType, tree.resources.keys())}`
  const steps: PathStep[] = []
  let types: readonly ElementType[] = [type]
  for (const written of rest) {
    const { name, index } = splitStep(written)
    const members = types.flatMap((candidate) => [...membersOf(candidate, tree)])
    const found = members.filter((member) => member.key === name || member.name === name)
    if (found.length === 0)
      return `names the element "${name}", which is not there${advice(
        name,
        members.flatMap(({ key, name }) => [key, name]),
      )}`
    steps.push({ keys: new Set(found.map(({ key }) => key)), index })
    types = [...new Set(found.map((member) => member.type))]
  }
  return { resourceType, at, steps }
}

function splitStep(step: string): { readonly name: string; readonly index: number | undefined } {
  const [name = '', index] = step.replace(/^_/, '').split(/[[\]]/)
  return { name, index: index === undefined ? undefined : Number(index) }
}

/** Where any resource may be, the members of all of them. */
function* membersOf(type: ElementType, tree: ElementTree) {
  if (type !== tree.anyResource) yield* type.members.values()
  else for (const resource of tree.resources.values()) yield* resource.members.values()
}

function advice(wanted: string, names: Iterable<string>): string {
  const nearest = nearestName(wanted, new Set(names))
  return nearest === undefined ? '' : `; did you mean "${nearest}"?`
}

/** Whether a place, as a trace names it, is the element of the path or below it. */
export function isAtOrBelow(place: string, { steps }: ValuePath): boolean {
  const places = place.split('.')
  return steps.every(({ keys, index }, at) => {
    const step = places[at]
    if (step === undefined) return false
    const { name, index: found = 0 } = splitStep(step)
    return keys.has(name) && (index === undefined || index === found)
  })
}

/** The values of a resource, as `JSON.parse` gives it, at and below the path. */
export function valuesAt(resource: unknown, { steps }: ValuePath): readonly unknown[] {
  let found: readonly unknown[] = [resource]
  for (const { keys, index } of steps)
    found = found.flatMap((value) => {
      if (typeof value !== 'object' || value === null) return []
      const inner = [...keys].flatMap((key) =>
        Object.hasOwn(value, key) ? [Reflect.get(value, key) as unknown] : [],
      )
      return inner.flatMap((item) => {
        const items = Array.isArray(item) ? item : [item]
        return index === undefined ? items : items.slice(index, index + 1)
      })
    })
  return found.flatMap(leavesOf)
}

/** All values in a JSON value that are neither objects nor arrays. */
export function leavesOf(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return []
  return typeof value === 'object' ? Object.values(value).flatMap(leavesOf) : [value]
}
