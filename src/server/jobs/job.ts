import type { SourceItem } from '../../storage/store.js'
import type { Criteria } from '../query/criteria.js'
import type { Issue, IssueCode } from '../refusal.js'

/** An export job as it stands in the state folder. */
export interface JobRecord {
  /** Random; also what lets a client without a token read the files. */
  readonly id: string
  /** The client that asked for it. */
  readonly client: string
  readonly createdAt: string
  /** The kick-off's URL, for the manifest. */
  readonly request: string
  readonly requiresAccessToken: boolean
  readonly criteria: Criteria
  readonly anonymize?: AnonymizeOrder
  /** What of the request was not done, for the manifest's `error`. */
  readonly notes: readonly Issue[]
  readonly state: 'queued' | 'running' | 'complete' | 'failed'
  readonly transactionTime?: string
  /** Of the anonymizer configuration, so that a resumed job never goes on with another one. */
  readonly configDigest?: string
  readonly output: readonly OutputFile[]
  /** Bundles of what was deleted. */
  readonly deleted?: readonly OutputFile[]
  readonly errors: readonly OutputFile[]
  readonly failure?: JobFailure
  /** When the files may go. */
  readonly expiresAt?: string
}

/** How a job is to be anonymized (`_anonymizationConfig` and its companions). */
export interface AnonymizeOrder {
  readonly config: string
  readonly etag?: string
  readonly collection?: string
  readonly container: string
}

export interface JobFailure {
  readonly status: number
  readonly code: IssueCode
  readonly text: string
}

/** One file of the manifest. */
export interface OutputFile {
  /** Last segment of its URL. */
  readonly name: string
  readonly type: string
  /** Types of the resources in a file of deletions: a client must be allowed to read each of them. */
  readonly names?: readonly string[]
  readonly count: number
  /** The source's own item, a file of the job's folder, or one of the container. */
  readonly place: 'item' | 'job' | 'container'
  /** What is read, pinned. */
  readonly item: SourceItem
  readonly isGzip: boolean
  /** Decompressed. */
  readonly bytes: number
}

export const isActive = ({ state }: JobRecord): boolean => state === 'queued' || state === 'running'

/** A record outlives the work by a day. What was asked for may be large, and names patients: it does not. */
export const withoutCriteria = (record: JobRecord): JobRecord => ({
  ...record,
  criteria: { level: record.criteria.level, filters: [], withProvenance: false },
})

/** About how much memory a record takes. */
export const sizeOfRecord = (record: JobRecord): number => JSON.stringify(record).length

/** The folder of an anonymized export in its container: `20261121T110500-<id>`. */
export const containerFolder = ({ id, createdAt }: JobRecord): string =>
  `${createdAt.replace(/\.\d+Z$/, '').replace(/[-:]/g, '')}-${id}`
