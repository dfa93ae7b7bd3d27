import type { StoreAccess } from './access.js'
import type { Inbox } from './inbox.js'
import type { OutputFiles } from './output-files.js'
import type { Lake, Source, State } from './store.js'

/** What an address names. Nothing is read or requested until one of its methods is called. */
export interface Location {
  /** For messages and reports: the address without credentials. */
  readonly place: string
  /** The path, if it is on this machine. */
  readonly localPath?: string
  /** The items to read: of a folder, or a single file. */
  source(): Promise<Source>
  /** The outputs of many runs. */
  lake(options: LakeSettings): Promise<Lake>
  /** The state of each folder of a lake that keeps its state here. */
  states(): Promise<StateOf>
  /** Where the state of outputs goes by default. Throws USAGE. */
  stateLocation(): Location
  /** Where it is kept by default what was loaded from here. Throws USAGE. */
  loadStateLocation(): Location
  /** Everything that lies here, to be checked. */
  outputFiles(): Promise<OutputFiles>
  /** The files that arrive here, to be taken away once they are done. */
  inbox(): Promise<Inbox>
  /** The text of the file that the address names; undefined if there is none. Throws USAGE, SOURCE_*. */
  readText(): Promise<string | undefined>
  /** The location of a name with `/` in this one. */
  below(name: string): Location
  /** How the full names of all files here begin: one location lies in another if its root begins with the other's. */
  root(): Promise<string>
  /** The root of what recipients of the outputs here may be able to read. */
  readableRoot(): Promise<string>
}

export interface LakeSettings {
  readonly stateOf: StateOf
  /** Create the container of the outputs if it does not exist; that of the state is always created. */
  readonly isToBeCreated: boolean
}

/** The state of one run's folder, of an empty name: of the location itself; without a name: of all of them together. */
export type StateOf = (folder?: string) => State

/** A row of the table of stores. */
export interface StoreKind {
  readonly name: string
  /** The schemes of its addresses, in lower case and without `://`. Empty for the store whose addresses have none. */
  readonly schemes: readonly string[]
  /** How its addresses are written, for messages, such as `https://`. */
  readonly spellings: readonly string[]
  /** What to do about an address without a scheme that seems to be meant for this store; undefined for any other. */
  readonly missingScheme?: (address: string) => string | undefined
  /** The address without credentials. Throws USAGE for one that this store cannot have. */
  placeOf(address: string): string
  /** Which paths of this machine it uses; undefined for a store on other machines. */
  localPaths(address: string): LocalPaths | undefined
  /** Throws USAGE, CONFIG_INVALID. */
  locate(address: string, access: StoreAccess): Location
}

export interface LocalPaths {
  readonly outputs: string
  /** Where the state of outputs goes by default. */
  readonly state: string
}
