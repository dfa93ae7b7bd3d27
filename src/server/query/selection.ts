import type { Source, SourceItem } from '../../storage/store.js'
import type { Snapshot } from '../catalog/catalog.js'
import type { CurrentLines } from '../catalog/current-lines.js'
import type { Packing } from '../catalog/packing.js'
import type { Criteria } from './criteria.js'

/** Lines of one type of one item that become one file of the export; stored as JSON in the job's folder. */
export interface Selection extends Packing {
  /** `Observation-3.ndjson` */
  readonly name: string
  readonly type: string
  readonly count: number
  readonly item: SourceItem
  /** Decompressed size of the lines. */
  readonly bytes: number
  /** File of byte runs in the job's folder; absent if the whole item is served unchanged. */
  readonly runs?: string
  /** Hash of the runs. */
  readonly digest: string
  /** The item lies in the job's own folder (Bundles of deletions). */
  readonly isDeletions?: true
  /** Types of the deleted resources. */
  readonly names?: readonly string[]
}

export interface SelectOptions {
  readonly source: Source
  readonly snapshot: Snapshot
  readonly current: CurrentLines
  readonly indexFolder: string
  /** Folder for the files of byte runs. */
  readonly folder: string
  readonly criteria: Criteria
  /** Whether a whole item may be served without a copy. */
  readonly mayHandOut: boolean
  /** Maximum size of a file; a larger one is split. */
  readonly maxFileBytes: number
  /** Time at which group members must be active. */
  readonly nowMs: number
  readonly signal: AbortSignal
}
