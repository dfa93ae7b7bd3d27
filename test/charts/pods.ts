import type { Manifest } from './helm.js'

/** The template of a pod, as far as tests read it. */
export interface Pod {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> }
  readonly spec: {
    readonly containers: readonly Container[]
    readonly volumes: readonly { readonly name: string }[]
    readonly [member: string]: unknown
  }
}

export interface Container {
  readonly args: readonly string[]
  readonly env?: readonly EnvironmentVariable[]
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
  readonly [member: string]: unknown
}

export interface EnvironmentVariable {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } }
}

/** The pods that these objects start. */
export const podsOf = (objects: readonly Manifest[]): readonly Pod[] =>
  objects.filter(({ kind }) => ['CronJob', 'Deployment', 'Job'].includes(kind)).map(podOf)

/** The pod that an object starts. */
export function podOf({ kind, spec }: Manifest): Pod {
  const { template, jobTemplate } = spec as { template?: Pod; jobTemplate?: { spec: { template: Pod } } }
  const pod = template ?? jobTemplate?.spec.template
  if (pod === undefined) throw new Error(`a ${kind} starts no pods`)
  return pod
}
