import type { AltExportDefinition } from '../../alt-export/definition.js'
import type { AltExportStatus } from '../../alt-export/options.js'

/** As Durable Functions names the states of an orchestration. */
export type RuntimeStatus = 'Pending' | 'Running' | 'Suspended' | 'Completed' | 'Failed' | 'Terminated'

/** Which operation started a job, as Microsoft's loader names it. */
export type JobName = 'ExportOrchestrator' | 'ExportAllOrchestrator'

/** A job of `$alt-export` or `$alt-export-all`, as kept on disk. */
export interface AltExportJob {
  /** 32 hexadecimal digits. */
  readonly id: string
  readonly name: JobName
  readonly client: string
  /** The body of the request. Its searches may name patients: it is shown only to the client that sent it. */
  readonly input: unknown
  readonly definition: AltExportDefinition
  readonly createdAt: string
  readonly updatedAt: string
  readonly status: RuntimeStatus
  /** How far it is; undefined before it runs. */
  readonly progress?: AltExportStatus | undefined
  /** What it made, or why it failed. */
  readonly output?: JobOutput | undefined
  /** When a finished job is forgotten. */
  readonly expiresAt?: string | undefined
}

export type JobOutput =
  | readonly JobFile[]
  | { readonly error: string; readonly failed?: readonly FailedItem[]; readonly files?: readonly JobFile[] }

/** A file that a job made, in the spelling of Microsoft's loader. */
export interface JobFile {
  readonly type: string
  readonly url: string
  readonly count: number
  readonly sizebytes: number
  readonly commitedblocks: number
}

export interface FailedItem {
  readonly item: string
  readonly code: string
  readonly message: string
}

const ACTIVE: readonly RuntimeStatus[] = ['Pending', 'Running', 'Suspended']
const STATES: readonly unknown[] = [...ACTIVE, 'Completed', 'Failed', 'Terminated']

/** Whether a job is not over. */
export const isActive = ({ status }: Pick<AltExportJob, 'status'>): boolean => ACTIVE.includes(status)

/** Reads a job from its file; undefined for anything else. */
export function readJob(text: string | undefined): AltExportJob | undefined {
  try {
    const job = JSON.parse(text ?? '') as Partial<AltExportJob> | null
    const isWhole =
      typeof job?.id === 'string' &&
      job.definition !== undefined &&
      STATES.includes(job.status) &&
      typeof job.createdAt === 'string' &&
      typeof job.updatedAt === 'string'
    return isWhole ? (job as AltExportJob) : undefined
  } catch {
    return undefined
  }
}
