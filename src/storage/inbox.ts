import { type SluiceError, sluiceError } from '../errors.js'

/** A file in an inbox. */
export interface Arrival {
  /** Name relative to the inbox, with `/`. */
  readonly name: string
  readonly bytes: number
  /** The version that a source of the same place lists. */
  readonly version: string
  /** Time of the last change by the store's clock, in milliseconds since 1970: the order of arrival. */
  readonly arrivedMs: number
}

/** A place that files arrive in, and are taken away from once they are done. */
export interface Inbox {
  /** Path or address for messages, without credentials. */
  readonly place: string
  /** Makes the folder or container if it does not exist. Throws SINK_*. */
  create(): Promise<void>
  /** Lists all files but hidden ones, in no particular order. Throws SOURCE_*. */
  list(): AsyncIterable<Arrival>
  /**
   * Moves a file to another inbox under a name, or under a numbered one where that name is taken; replaces nothing.
   * Repeating a move that was cut short is harmless. Returns the name. Throws SOURCE_CHANGED if the file is no longer
   * the listed version, USAGE if the other inbox is in another kind of store.
   */
  move(arrival: Arrival, to: Inbox, name: string): Promise<string>
  /** Writes a small file as a whole, replacing one of that name. Throws SINK_*. */
  put(name: string, text: string): Promise<void>
}

/** The names under which a file may be put away, in the order in which they are tried: `a.err`, `a-2.err`, … */
export function* namesFor(name: string): Generator<string> {
  yield name
  const dot = name.lastIndexOf('.')
  const end = dot > name.lastIndexOf('/') + 1 ? dot : name.length
  for (let number = 2; ; number += 1) yield `${name.slice(0, end)}-${number}${name.slice(end)}`
}

/** A file that is no longer the version that was listed. */
export const changedArrival = ({ name }: Pick<Arrival, 'name'>): SluiceError =>
  sluiceError('SOURCE_CHANGED', {
    at: name,
    message: 'changed since it was loaded, so it stays where it is',
    help: 'run it again to load the new version',
  })
