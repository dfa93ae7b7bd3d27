import type { JobKind } from '../../fhir-client/job-poll.js'
import type { FhirServer } from '../../fhir-client/server.js'
import type { StagedFile } from './staged-file.js'

/** A staged file under the address that the server reads it from. */
export interface ImportInput {
  readonly file: StagedFile
  readonly url: string
}

/** What the server says about one staged file. */
export interface FileResult {
  readonly loaded: number
  readonly failed: number
  /** Files that say which lines failed. */
  readonly errorFiles: readonly ErrorFile[]
  /** Why lines failed, if the server does not say which. */
  readonly errorText?: string | undefined
}

export interface ErrorFile {
  readonly url: string
  readonly count: number
}

export type JobResult =
  /** By the name of the staged file. */
  | { readonly kind: 'counted'; readonly files: ReadonlyMap<string, FileResult> }
  | { readonly kind: 'uncounted' }

/** Speaks the `$import` of one kind of server. The job itself is started, polled and cancelled the same way for all. */
export interface ImportDriver {
  readonly job: JobKind
  /** Types of which one resource would make the server refuse the whole import. */
  readonly refusedTypes: ReadonlySet<string>
  /** The Parameters of the kick-off. */
  parameters(inputs: readonly ImportInput[]): object
  /** Reads the body of a completed job; undefined for one that is not a result. */
  result(
    body: Readonly<Record<string, unknown>>,
    inputs: readonly ImportInput[],
    server: FhirServer,
  ): JobResult | undefined
}

/** One parameter of a Parameters resource. */
export type Parameter = Readonly<Record<string, unknown>> & { readonly name: string }

export const parametersOf = (parameter: readonly Parameter[]): object => ({
  resourceType: 'Parameters',
  parameter,
})
