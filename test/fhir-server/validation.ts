import { elementTree } from '../../src/fhir/elements.js'
import { isRecord } from '../../src/json/record.js'
import { parseExact } from './exact-json.js'
import { Refusal } from './refusal.js'
import type { Resource } from './resource.js'

const ID = /^[A-Za-z0-9\-.]{1,64}$/
const FUTURE_MS = 10_000

const isResourceType = (type: string): boolean => elementTree('R4').resources.has(type)

export function checkType(type: string): void {
  if (!isResourceType(type)) throw new Refusal(404, 'not-supported', `no resource type of that name`)
}

export function checkId(id: string): void {
  if (!ID.test(id)) throw new Refusal(400, 'value', 'the id is not one of FHIR')
}

/** A resource from the body of a request. */
export function resourceFrom(text: string): Resource {
  const parsed = jsonFrom(text)
  checkResource(parsed)
  return parsed
}

export function jsonFrom(text: string): unknown {
  try {
    return parseExact(text)
  } catch {
    throw new Refusal(400, 'structure', 'the body is not JSON')
  }
}

/** Throws what a server throws at a resource that is not of its type: at the type, the id and the root's elements. */
export function checkResource(value: unknown, type?: string): asserts value is Resource {
  if (!isRecord(value)) throw new Refusal(400, 'structure', 'the resource is not an object')
  const { resourceType, id } = value
  if (typeof resourceType !== 'string' || !isResourceType(resourceType))
    throw new Refusal(400, 'structure', 'the resource has no resourceType of R4')
  if (type !== undefined && type !== resourceType)
    throw new Refusal(400, 'invalid', 'the resource is not of the type in the URL')
  if (id !== undefined) {
    if (typeof id !== 'string') throw new Refusal(400, 'structure', 'the id is not a string')
    checkId(id)
  }
  const members = elementTree('R4').resources.get(resourceType)?.members
  for (const key of Object.keys(value))
    if (key !== 'resourceType' && members?.has(key.startsWith('_') ? key.slice(1) : key) !== true)
      throw new Refusal(400, 'structure', `${resourceType} has no element ${key}`)
}

export function checkIsNotFuture({ meta }: Resource, nowMs: number): void {
  if (typeof meta?.lastUpdated === 'string' && Date.parse(meta.lastUpdated) > nowMs + FUTURE_MS)
    throw new Refusal(400, 'value', 'meta.lastUpdated lies in the future')
}
