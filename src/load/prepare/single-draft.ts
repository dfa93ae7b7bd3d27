import { withReferences } from '../references.js'
import type { LoadEntry } from '../unit.js'
import { type Draft, type DraftOptions, draftOf } from './draft.js'
import { type Fault, fault } from './faults.js'

/**
 * Drafts an entry that is sent outside of a transaction, where no server resolves URNs. With the method `post`, a URN
 * that is left in an entry of a Bundle may name an entry that gets its id from the server.
 */
export function singleDraft(entry: LoadEntry, options: DraftOptions): Draft | Fault {
  const draft = draftOf(entry, options)
  if (draft.kind === 'fault' || options.method === 'put' || entry.fullUrl === undefined) return draft
  return hasUrn(draft.body) ? fault('REFERENCE_WITHOUT_ID') : draft
}

function hasUrn(resource: Buffer): boolean {
  let found = false
  const replace = (text: string): undefined => {
    found ||= text.startsWith('urn:uuid:') || text.startsWith('urn:oid:')
    return undefined
  }
  withReferences(resource, { which: 'references', replace })
  return found
}
