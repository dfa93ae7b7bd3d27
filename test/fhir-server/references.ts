import { isRecord } from '../../src/json/record.js'
import type { Resource } from './resource.js'

/** Changes the text of each reference, in `reference` and in `url`s that name a part of a Bundle; keeps what is the same. */
export function mapReferences(resource: Resource, change: (text: string) => string): Resource {
  return mapped(resource, change) as Resource
}

function mapped(value: unknown, change: (text: string) => string): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => mapped(item, change))
    return items.some((item, index) => item !== value[index]) ? items : value
  }
  if (!isRecord(value)) return value
  let copy: Record<string, unknown> | undefined
  for (const [key, member] of Object.entries(value)) {
    const isLink = typeof member === 'string' && (key === 'reference' || member.startsWith('urn:uuid:'))
    const next = isLink ? change(member) : mapped(member, change)
    if (next === member) continue
    copy ??= { ...value }
    copy[key] = next
  }
  return copy ?? value
}

/** Texts of all `reference` elements. */
export function referencesIn(value: unknown, found: string[] = []): string[] {
  if (Array.isArray(value)) for (const item of value) referencesIn(item, found)
  else if (isRecord(value))
    for (const key in value) {
      const member = value[key]
      if (typeof member === 'object') referencesIn(member, found)
      else if (key === 'reference' && typeof member === 'string') found.push(member)
    }
  return found
}

const LITERAL = /^(?:.*\/)?([A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64})(?:\/_history\/\w+)?$/

/** `Type/id` of a literal reference, relative or absolute, with or without a version. */
export const literalTarget = (reference: string): string | undefined => LITERAL.exec(reference)?.[1]

/** `Practitioner?identifier=…`: the resource that one search finds. */
export const isConditional = (reference: string): boolean => /^[A-Z][A-Za-z]+\?/.test(reference)
