import type { Arrival, Inbox } from '../../storage/inbox.js'
import { type FileOutcome, isClean } from './file-outcome.js'

/** Where files go once they are dealt with. */
export interface Shelves {
  readonly processed: Inbox
  readonly failed: Inbox
}

export interface PutAway {
  readonly inbox: Inbox
  readonly shelves: Shelves
  /** Where the bundles are recorded. */
  readonly audit: string
  /** Where the reasons are recorded. */
  readonly errors: string
}

const placesFor = (clean: boolean, { audit, errors }: Pick<PutAway, 'audit' | 'errors'>): object =>
  clean ? { audit } : { audit, errors }

/**
 * Moves a file to the shelf of its outcome, as FHIR Loader names it: `NAME.processed` with `NAME.processed.result`, or
 * `NAME.err` with `NAME.err.response`. Returns its place. Throws SOURCE_CHANGED if it is not the loaded version, SINK_*.
 */
export async function putAway(
  arrival: Arrival,
  outcome: FileOutcome,
  { inbox, shelves, ...places }: PutAway,
): Promise<string> {
  const clean = isClean(outcome)
  const shelf = clean ? shelves.processed : shelves.failed
  const ending = clean ? '.processed' : '.err'
  const name = await inbox.move(arrival, shelf, `${arrival.name}${ending}`)
  await shelf.put(
    `${name}${clean ? '.result' : '.response'}`,
    `${JSON.stringify({ ...outcome, ...placesFor(clean, places) }, null, 2)}\n`,
  )
  return `${shelf.place.replace(/\/+$/, '')}/${name}`
}
