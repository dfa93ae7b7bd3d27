import { withReferences } from '../references.js'
import { type Fault, fault } from './faults.js'
import { conditionalReference } from './request-address.js'
import type { Search } from './search.js'

/** A resource whose conditional references name resources, or why they cannot. */
export type Resolution =
  | { readonly kind: 'resolved'; readonly resource: Buffer }
  /** The server has no match yet. */
  | { readonly kind: 'unmatched'; readonly fault: Fault }
  | Fault

/** Whether a resource has conditional references. */
export const hasConditional = (resource: Buffer): boolean => conditionalReferences(resource).size > 0

/**
 * Replaces conditional references by the resources that they stand for: a server resolves them only in a transaction.
 * Each must match one resource.
 */
export async function resolveConditional(
  resource: Buffer,
  texts: ReadonlySet<string>,
  search: Search,
): Promise<Resolution> {
  const targets = new Map<string, string>()
  let unmatched: Fault | undefined
  const wanted = [...texts]
  for (let at = 0; at < wanted.length; at += SEARCHES_AT_ONCE) {
    const part = wanted.slice(at, at + SEARCHES_AT_ONCE)
    for (const [text, found] of await Promise.all(part.map((each) => targetOf(each, search)))) {
      if (typeof found === 'string') targets.set(text, found)
      // What may match later must not hide what never will.
      else if (found.code !== 'REFERENCE_UNRESOLVED') return found
      else unmatched ??= found
    }
  }
  if (unmatched !== undefined) return { kind: 'unmatched', fault: unmatched }
  const replace = (text: string): string | undefined => targets.get(text)
  return { kind: 'resolved', resource: withReferences(resource, { which: 'references', replace }) }
}

/** A List may refer to thousands. */
const SEARCHES_AT_ONCE = 32

const targetOf = async (text: string, search: Search): Promise<readonly [string, string | Fault]> => [
  text,
  await target(text, search),
]

async function target(text: string, search: Search): Promise<string | Fault> {
  const conditional = conditionalReference(text)
  if (conditional === undefined) return text
  const { type, query } = conditional
  const answer = await search(type, query)
  if (answer.kind === 'refused') return fault('REFERENCE_REFUSED')
  const [id, another] = answer.ids
  if (id === undefined) return fault('REFERENCE_UNRESOLVED')
  return another === undefined ? `${type}/${id}` : fault('REFERENCE_AMBIGUOUS')
}

/** The conditional references in a resource. Most resources need not be read: they have no question mark. */
export function conditionalReferences(resource: Buffer): ReadonlySet<string> {
  const texts = new Set<string>()
  if (!resource.includes(QUESTION_MARK) && !resource.includes(ESCAPE)) return texts
  withReferences(resource, {
    which: 'references',
    replace: (text) => {
      if (conditionalReference(text) !== undefined) texts.add(text)
      return undefined
    },
  })
  return texts
}

const QUESTION_MARK = '?'
/** The beginning of a letter that is written as `\u003f`. */
const ESCAPE = '\\u'
