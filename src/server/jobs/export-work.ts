import type { FhirVersion } from '../../fhir/version.js'
import type { RunEvent, RunMetrics } from '../../pipeline/options.js'
import type { AnonymizerPlan } from '../../pipeline/plan.js'
import type { Sink, Source, State } from '../../storage/store.js'
import type { Catalog } from '../catalog/catalog.js'
import type { Selection } from '../query/selection.js'
import type { AnonymizeOrder, JobRecord, OutputFile } from './job.js'
import type { ReportProgress } from './job-queue.js'
import type { JobStore } from './job-store.js'

/** Finds anonymizer configurations. */
export interface ConfigStore {
  /** Whether this server has the collection that a request names. */
  hasCollection(collection: string): Promise<boolean>
  /** Throws Refusal 400 in the words of Azure's server, CONFIG_INVALID, KEY_MISSING. */
  load(order: AnonymizeOrder): Promise<{ readonly plan: AnonymizerPlan; readonly digest: string }>
}

/** Containers below one root, to which anonymized exports are written. */
export interface ContainerStore {
  /** Opens the folder of one export. */
  open(container: string, folder: string): Promise<ContainerFolder>
}

export interface ContainerFolder {
  /** Opens the folder for writing, with the run's state elsewhere. */
  sink(state: State): Sink
  /** Opens the written files for reading. */
  files(): Promise<Source>
  /** Removes the folder. */
  discard(): Promise<void>
}

export interface ExportRunOptions {
  readonly source: Source
  readonly catalog: Catalog
  readonly store: JobStore
  readonly version: FhirVersion
  readonly maxFileBytes: number
  readonly onlyAnonymized: boolean
  readonly anonymization?: { readonly configs: ConfigStore; readonly containers: ContainerStore }
  readonly pipeline: {
    readonly workers?: number | undefined
    readonly memoryBudgetBytes?: number | undefined
    readonly maxLineBytes?: number | undefined
    readonly metrics?: RunMetrics | undefined
  }
  readonly onRunEvent: (job: string, event: RunEvent) => void
}

export interface RunContext {
  readonly signal: AbortSignal
  readonly save: (job: JobRecord) => Promise<void>
  readonly progress: ReportProgress
}

/** One export: its folder, and what was selected for it. */
export interface Work extends RunContext {
  readonly folder: string
  readonly selections: readonly Selection[]
}

/** Makes the last segment of a file's URL. */
export const urlName = (name: string): string => name.replaceAll('/', '.')

export const namesOf = ({ names }: Selection): Pick<OutputFile, 'names'> =>
  names === undefined ? {} : { names }
