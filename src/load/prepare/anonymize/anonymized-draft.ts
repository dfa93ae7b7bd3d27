import { findStringMember, skipSpace } from '../../../json/scanner.js'
import { isId, isTypeName } from '../../identity.js'
import { withReferences } from '../../references.js'
import { hasConditional } from '../conditional-references.js'
import type { Draft } from '../draft.js'
import { anonymizedIdFault, type Fault, fault } from '../faults.js'

/**
 * Why a draft cannot be anonymized: what it asks of the server, besides its resource, shows an identifier that the
 * configuration may want to hide.
 */
export function anonymizationFault({ method, address, conditions, body }: Draft): Fault | undefined {
  if (address.kind === 'search' || Object.values(conditions).some((condition) => condition !== undefined))
    return fault('CONDITIONAL_NOT_ANONYMIZABLE')
  if (method === 'DELETE' || method === 'PATCH') return fault('REQUEST_NOT_ANONYMIZABLE')
  return hasConditional(body) ? fault('CONDITIONAL_NOT_ANONYMIZABLE') : undefined
}

/**
 * The place in a transaction of a draft that refers to one without an id, by a `fullUrl` that is not sent. -1 for none.
 */
export function dependentDraft(drafts: readonly Draft[]): number {
  const withoutId = new Set(
    drafts.flatMap(({ address, entry }) => (address.kind === 'instance' ? [] : (entry.fullUrl ?? []))),
  )
  if (withoutId.size === 0) return -1
  return drafts.findIndex(({ body }) => {
    let depends = false
    const replace = (text: string): undefined => {
      depends ||= withoutId.has(text)
      return undefined
    }
    withReferences(body, { which: 'addresses', replace })
    return depends
  })
}

/** The draft with its anonymized resource, and nothing that is not anonymized. */
export function anonymizedDraft({ entry, method, address }: Draft, resource: Buffer): Draft | Fault {
  const start = skipSpace(resource, 0, resource.length)
  const textOf = (key: string) => findStringMember(resource, start, resource.length, key)?.text
  const type = textOf('resourceType')
  const id = textOf('id')
  if (type === undefined || !isTypeName(type)) return fault('BAD_TYPE')
  const { ordinal, offset } = entry
  const own = { ordinal, offset, resource: NOTHING, type, id, fullUrl: undefined, request: undefined }
  const draft = { kind: 'draft', entry: own, method, conditions: {}, body: resource } as const
  if (address.kind !== 'instance') return { ...draft, address: { kind: 'type', type } }
  if (id === undefined) return anonymizedIdFault('NO_ID')
  if (!isId(id)) return anonymizedIdFault('BAD_ID')
  return { ...draft, address: { kind: 'instance', type, id } }
}

const NOTHING = Buffer.alloc(0)
