import { isRecord } from '../../src/json/record.js'
import { Refusal } from './refusal.js'
import type { Resource } from './resource.js'
import { jsonFrom } from './validation.js'

/** The operations of a JSON Patch (RFC 6902) in the Binary of an entry. Throws 400 where it holds none. */
export function operationsOf(resource: Resource | undefined): readonly unknown[] {
  const { contentType, data } = resource ?? { resourceType: 'Binary' }
  if (contentType !== 'application/json-patch+json' || typeof data !== 'string')
    throw new Refusal(400, 'invalid', 'PATCH takes a Binary with a JSON Patch')
  const operations = jsonFrom(Buffer.from(data, 'base64').toString())
  if (!Array.isArray(operations)) throw new Refusal(400, 'invalid', 'a JSON Patch is a list')
  return operations
}

/** A resource after `add`, `replace` and `remove`; other operations are refused. */
export function patched(resource: Resource, operations: readonly unknown[]): Resource {
  const copy = structuredClone(resource)
  for (const operation of operations) apply(copy, operation)
  return copy
}

function apply(root: unknown, operation: unknown): void {
  const { op, path, value } = isRecord(operation) ? operation : {}
  if (typeof path !== 'string' || (op !== 'add' && op !== 'replace' && op !== 'remove'))
    throw new Refusal(400, 'not-supported', 'the operation of the patch is not supported')
  const keys = path
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
  const last = keys.pop() ?? ''
  const parent = keys.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], root)
  if (Array.isArray(parent)) {
    const at = last === '-' ? parent.length : Number(last)
    parent.splice(at, op === 'add' ? 0 : 1, ...(op === 'remove' ? [] : [value]))
  } else if (!isRecord(parent) || (op !== 'add' && !Object.hasOwn(parent, last)))
    throw new Refusal(422, 'processing', 'the path of the patch is not there')
  else if (op === 'remove') delete parent[last]
  else parent[last] = value
}
