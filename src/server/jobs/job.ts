import type { SourceItem } from '../../storage/store.js'
import type { Packing } from '../catalog/packing.js'
import type { Criteria } from '../query/criteria.js'
import type { Issue, IssueCode } from '../refusal.js'

/** An export job, as recorded in the state folder. */
export interface JobRecord {
  /** Random id, which also lets a client without a token read the files. */
  readonly id: string
  /** The client that requested the export. */
  readonly client: string
  readonly createdAt: string
  /** URL of the kick-off, for the manifest. */
  readonly request: string
  readonly requiresAccessToken: boolean
  readonly criteria: Criteria
  readonly anonymize?: AnonymizeOrder
  /** Parts of the request that were not fulfilled, for the manifest's `error`. */
  readonly notes: readonly Issue[]
  readonly state: 'queued' | 'running' | 'complete' | 'failed'
  readonly transactionTime?: string
  /** Digest of the anonymizer configuration, so that a job never resumes with another one. */
  readonly configDigest?: string
  readonly output: readonly OutputFile[]
  /** Bundles of deletions. */
  readonly deleted?: readonly OutputFile[]
  readonly errors: readonly OutputFile[]
  readonly failure?: JobFailure
  /** When the files may be removed. */
  readonly expiresAt?: string
}

/** How to anonymize a job (`_anonymizationConfig` and related parameters). */
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
export interface OutputFile extends Packing {
  /** Last segment of its URL. */
  readonly name: string
  readonly type: string
  /** Resource types in a file of deletions; a client needs access to each of them. */
  readonly names?: readonly string[]
  readonly count: number
  /** An item of the source, a file in the job's folder, or one in the container. */
  readonly place: 'item' | 'job' | 'container'
  /** Name and version of the file to read. */
  readonly item: SourceItem
  /** Decompressed size. */
  readonly bytes: number
}

export const isActive = ({ state }: JobRecord): boolean => state === 'queued' || state === 'running'

/** The record of a finished job without its request, which may be large and may name patients. */
export const withoutCriteria = (record: JobRecord): JobRecord => ({
  ...record,
  criteria: { level: record.criteria.level, filters: [], withProvenance: false },
})

/** Estimates the memory of a record. */
export const sizeOfRecord = (record: JobRecord): number => JSON.stringify(record).length

/** Names the folder of an anonymized export in its container: `20261121T110500-<id>`. */
export const containerFolder = ({ id, createdAt }: JobRecord): string =>
  `${createdAt.replace(/\.\d+Z$/, '').replace(/[-:]/g, '')}-${id}`
