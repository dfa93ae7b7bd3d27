import type { Source, SourceItem } from '../../storage/store.js'
import type { Snapshot } from '../catalog/catalog.js'
import type { CurrentLines } from '../catalog/current-lines.js'
import type { Criteria } from './criteria.js'

/** Lines of one type of one item that become one file of the export; as JSON in the job's folder. */
export interface Selection {
  /** `Observation-3.ndjson` */
  readonly name: string
  readonly type: string
  readonly count: number
  readonly item: SourceItem
  readonly isGzip: boolean
  /** Of the lines, decompressed. */
  readonly bytes: number
  /** The file of byte runs, in the job's folder; absent where the whole item is taken as it is. */
  readonly runs?: string
  /** Of the runs. */
  readonly digest: string
  /** The item lies in the job's own folder: Bundles of what was deleted. */
  readonly isDeletions?: true
  /** Types of the deleted resources. */
  readonly names?: readonly string[]
}

export interface SelectOptions {
  readonly source: Source
  readonly snapshot: Snapshot
  readonly current: CurrentLines
  readonly indexFolder: string
  /** Gets the files of byte runs. */
  readonly folder: string
  readonly criteria: Criteria
  /** Whether an item that is wanted as a whole may be handed out without a copy. */
  readonly mayHandOut: boolean
  /** A larger file is split. */
  readonly maxFileBytes: number
  /** Decides which members of a group are active. */
  readonly nowMs: number
  readonly signal: AbortSignal
}
