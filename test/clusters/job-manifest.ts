import { join } from 'node:path'
import { projectRoot } from '../support/shared.js'

type Labels = Readonly<Record<string, string>>

interface Variable {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } }
}

interface Container {
  readonly name: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: readonly Variable[]
  readonly envFrom?: readonly unknown[]
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[]
}

export interface FailureRule {
  readonly action: 'FailJob' | 'FailIndex' | 'Ignore' | 'Count'
  readonly onExitCodes?: {
    readonly containerName?: string
    readonly operator: 'In' | 'NotIn'
    readonly values: readonly number[]
  }
  readonly onPodConditions?: readonly { readonly type: string; readonly status?: string }[]
}

/** A Job of Kubernetes, as far as its controller and the simulation of it look at it. */
export interface JobManifest {
  readonly kind: 'Job'
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly completionMode: 'Indexed'
    readonly completions: number
    readonly parallelism: number
    readonly backoffLimitPerIndex: number
    readonly maxFailedIndexes?: number
    readonly podReplacementPolicy?: 'Failed' | 'TerminatingOrFailed'
    readonly podFailurePolicy?: { readonly rules: readonly FailureRule[] }
    readonly suspend?: boolean
    readonly template: {
      readonly metadata?: { readonly labels?: Labels }
      readonly spec: {
        readonly terminationGracePeriodSeconds?: number
        readonly restartPolicy: 'Never'
        readonly containers: readonly Container[]
      }
    }
  }
}

export interface PodIdentity {
  readonly name: string
  readonly uid: string
  readonly index: number
}

export interface CommandLine {
  readonly words: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** The entry point of the image. */
const ENTRYPOINT = [process.execPath, join(projectRoot, 'dist', 'src', 'cli.js')]

/** What the container of a pod runs, with the paths of its mounts replaced by folders of this machine. */
export function commandLineOf(
  job: JobManifest,
  jobUid: string,
  pod: PodIdentity,
  /** By the name of the volume. */
  folders: Readonly<Record<string, string>>,
): CommandLine {
  const { metadata, spec } = job.spec.template
  const [container, ...others] = spec.containers
  if (container === undefined || others.length > 0) throw new Error('a pod has one container')
  if (container.envFrom !== undefined) throw new Error('envFrom is not simulated')
  const placed = (word: string): string => {
    const mount = container.volumeMounts?.find(
      ({ mountPath }) => word === mountPath || word.startsWith(`${mountPath}/`),
    )
    if (mount === undefined) return word
    const folder = folders[mount.name]
    if (folder === undefined) throw new Error(`no folder for the volume ${mount.name}`)
    return folder + word.slice(mount.mountPath.length)
  }
  const labels: Labels = {
    ...metadata?.labels,
    'batch.kubernetes.io/controller-uid': jobUid,
    'batch.kubernetes.io/job-name': job.metadata.name,
    'batch.kubernetes.io/job-completion-index': String(pod.index),
  }
  const env = (container.env ?? []).map((variable): readonly [string, string] => [
    variable.name,
    variable.value ?? fieldOf(variable, labels, pod),
  ])
  return {
    words: [...(container.command ?? ENTRYPOINT), ...(container.args ?? []).map(placed)],
    // The controller adds the index itself.
    env: { ...Object.fromEntries(env), JOB_COMPLETION_INDEX: String(pod.index), HOSTNAME: pod.name },
  }
}

function fieldOf({ name, valueFrom }: Variable, labels: Labels, pod: PodIdentity): string {
  const path = valueFrom?.fieldRef?.fieldPath ?? ''
  const label = /^metadata\.labels\['(.*)'\]$/.exec(path)?.[1]
  const value =
    label !== undefined ? labels[label] : { 'metadata.name': pod.name, 'metadata.uid': pod.uid }[path]
  if (value === undefined) throw new Error(`the variable ${name} has no value that is simulated`)
  return value
}
