import type { AnonymizerSpec } from '../anonymizer/spec.js'
import type { Compression } from '../compression/compression.js'
import type { ErrorCode } from '../errors.js'
import type { FhirVersion } from '../fhir/version.js'

/** Data passed to every worker at its start. */
export interface WorkerData {
  /** URL of the module whose default export answers tasks. */
  readonly module: string
}

export type Task = LoadTask | HelloTask | LinesTask

/** Has the worker load what a FHIR version takes, before it is told the rules. */
export interface LoadTask {
  readonly kind: 'load'
  readonly fhirVersion: FhirVersion
}

/** Answered as soon as the worker can anonymize. */
export interface HelloTask {
  readonly kind: 'hello'
  readonly spec: AnonymizerSpec
}

/**
 * INVARIANT claim: a slab belongs to the worker from the dispatch of its task until the answer. The input in
 * it stays as it was until the worker moves `claim[0]` from RUNNING to WRITING; main moves it from RUNNING to
 * CANCELLED before it ends a worker, so that nobody ever reads a slab that someone else still writes.
 */
export const CLAIM = { running: 0, writing: 1, cancelled: 2 } as const

export interface LinesTask {
  readonly kind: 'lines'
  /** Only for a worker that has answered that it is unprepared. */
  readonly spec?: AnonymizerSpec
  readonly slab: SharedArrayBuffer
  /** One Int32; see INVARIANT claim. */
  readonly claim: SharedArrayBuffer
  /** The lines are `slab[start, end)`. */
  readonly start: number
  readonly end: number
  /** The output may take `slab[start, start + roomBytes)`. */
  readonly roomBytes: number
  readonly item: string
  /** Where the first line begins in its item, in bytes. */
  readonly firstRecord: number
  readonly dateShiftPrefix: string
  /** Added to offsets in a document that is split. */
  readonly baseOffset: number
  /** Whether the whole range is one JSON document, whatever newlines it contains. */
  readonly document: boolean
  readonly maxLineBytes: number
  /** How the output is compressed. */
  readonly compression?: Compression | undefined
  readonly keepContent: boolean
}

export type Answer = Loaded | Ready | LinesResult | Unprepared | Crashed | Refused

export interface Loaded {
  readonly kind: 'loaded'
}

export interface Ready {
  readonly kind: 'ready'
  readonly needsPlaces: boolean
}

/** The worker has no specification: it started in place of a lost one. The task is untouched. */
export interface Unprepared {
  readonly kind: 'unprepared'
}

/** The specification cannot be compiled here; no line is at fault. */
export interface Refused {
  readonly kind: 'refused'
  readonly code: ErrorCode
  readonly at: string | undefined
  readonly message: string
  readonly help: string | undefined
}

/** The anonymizer threw: a bug. `where` names code, never data. */
export interface Crashed {
  readonly kind: 'crashed'
  readonly where: string
}

export interface LinesResult extends LineCounts {
  readonly kind: 'lines'
  /** Number of output bytes, in `slab` from `start`, or in `moved` if they did not fit. */
  readonly outputBytes: number
  readonly moved?: Uint8Array
  readonly rejected: Rejections
  /** The rejected lines, except LINE_TOO_LONG, concatenated; only on request. */
  readonly content?: Uint8Array
  readonly busyMs: number
}

export interface LineCounts {
  readonly lines: number
  readonly delivered: number
  readonly blank: number
  readonly interpretedLines: number
  readonly resourcesByType: Readonly<Record<string, number>>
  readonly elementsByRule: Readonly<Record<string, number>>
  /** Number of codes that `codeSystems` removed, by their system or element; absent if there are none. */
  readonly codesRemoved?: Readonly<Record<string, number>>
}

/** `rows` holds REJECTION_FIELDS numbers for each rejected line, in the order of the input. */
export interface Rejections {
  /** Offset from `start`, length in bytes, line from 0 in the chunk, index in `reasons`, offset in the line. */
  readonly rows: Uint32Array
  readonly reasons: readonly Reason[]
}

export const REJECTION_FIELDS = 5

export interface Reason {
  readonly code: string
  readonly message: string
}
