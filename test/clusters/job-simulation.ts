import { randomUUID } from 'node:crypto'
import { commandLineOf, type FailureRule, type JobManifest, type PodIdentity } from './job-manifest.js'
import { type Phase, type Pod, type SimulatedContainer, SimulatedPod } from './simulated-pod.js'

// A SIMULATION of what the Job controller of Kubernetes does with an Indexed Job, and of what a kubelet does with its
// pods. It is written after the documentation of Kubernetes 1.33 and is not Kubernetes: containers are processes of this
// machine, times are short, and images, resources, security contexts, scheduling, suspension and deadlines are left out.

export interface JobEnd {
  readonly condition: 'Complete' | 'Failed'
  /** As the controller names it. */
  readonly reason?: 'PodFailurePolicy' | 'FailedIndexes' | 'MaxFailedIndexesExceeded'
  readonly succeeded: readonly number[]
  readonly failedIndexes: readonly number[]
  readonly pods: readonly Pod[]
}

export interface SimulationOptions {
  readonly folders: Readonly<Record<string, string>>
  /** Told of each pod once its process is started. */
  readonly onPod?: (pod: Pod) => void
  /** The first delay before an index is tried again; 10 s in Kubernetes. */
  readonly backoffMs?: number
  /** In place of the pod's terminationGracePeriodSeconds. */
  readonly graceMs?: number
  /** Added to the variables of each container. */
  readonly env?: Readonly<Record<string, string>>
}

interface Index {
  readonly number: number
  failures: number
  state: 'open' | 'waiting' | 'succeeded' | 'failed'
}

export class JobSimulation {
  readonly uid = randomUUID()
  readonly ended: Promise<JobEnd>
  readonly #job: JobManifest
  readonly #options: SimulationOptions
  readonly #indexes: readonly Index[]
  readonly #pods: SimulatedPod[] = []
  #failure: JobEnd['reason']
  #resolve: (end: JobEnd) => void = () => undefined
  #reject: (error: unknown) => void = () => undefined

  constructor(job: JobManifest, options: SimulationOptions) {
    refuseWhatTheServerRefuses(job)
    this.#job = job
    this.#options = options
    this.#indexes = Array.from({ length: job.spec.completions }, (_, number) => ({
      number,
      failures: 0,
      state: 'open',
    }))
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    queueMicrotask(() => this.#reconcile())
  }

  /** Brings the pods to where they should be, as each event in the cluster makes the controller do. */
  #reconcile(): void {
    const alive = this.#pods.filter((pod) => pod.isAlive())
    if (this.#failure === undefined) {
      for (const index of this.#indexes) {
        if (this.#occupied().length >= this.#job.spec.parallelism) break
        if (index.state === 'open' && !this.#occupied().some((pod) => pod.index === index.number))
          this.#start(index.number)
      }
    } else for (const pod of alive) pod.delete()
    const isOver = this.#failure !== undefined || this.#indexes.every(isSettled)
    if (!isOver) return
    for (const pod of this.#pods) if (pod.isAlive()) pod.delete()
    if (!this.#pods.some((pod) => pod.isAlive())) this.#resolve(this.#end())
  }

  /** Pods that hold their index and a place: a terminating one does so under the policy `Failed` alone. */
  #occupied(): readonly SimulatedPod[] {
    const holds: readonly Phase[] =
      this.#job.spec.podReplacementPolicy === 'Failed' ? ['running', 'terminating'] : ['running']
    return this.#pods.filter((pod) => holds.includes(pod.phase()))
  }

  #start(index: number): void {
    const uid = randomUUID()
    const identity = { name: `${this.#job.metadata.name}-${index}-${uid.slice(0, 5)}`, uid, index }
    try {
      const pod = new SimulatedPod(identity, this.#container(identity), () => this.#changed(pod))
      this.#pods.push(pod)
      this.#options.onPod?.(pod)
    } catch (error) {
      this.#reject(error)
    }
  }

  #container(identity: PodIdentity): SimulatedContainer {
    const { folders, env, graceMs } = this.#options
    const { words, env: own } = commandLineOf(this.#job, this.uid, identity, folders)
    const grace = this.#job.spec.template.spec.terminationGracePeriodSeconds ?? 30
    return { words, env: { ...own, ...env }, graceMs: graceMs ?? grace * 1000 }
  }

  #changed(pod: SimulatedPod): void {
    const index = this.#indexes[pod.index]
    if (index !== undefined && !isSettled(index)) {
      if (pod.phase() === 'succeeded') index.state = 'succeeded'
      if (pod.phase() === 'failed' && this.#failure === undefined) this.#failed(pod, index)
    }
    this.#reconcile()
  }

  #failed(pod: SimulatedPod, index: Index): void {
    const { backoffLimitPerIndex, maxFailedIndexes, podFailurePolicy } = this.#job.spec
    const action = podFailurePolicy?.rules.find((rule) => matches(rule, pod))?.action ?? 'Count'
    if (action === 'FailJob') this.#failure = 'PodFailurePolicy'
    if (action === 'FailIndex') index.state = 'failed'
    if (action === 'Count') {
      index.failures++
      if (index.failures > backoffLimitPerIndex) index.state = 'failed'
      else this.#later(index)
    }
    const failed = this.#indexes.filter(({ state }) => state === 'failed').length
    if (maxFailedIndexes !== undefined && failed > maxFailedIndexes)
      this.#failure = 'MaxFailedIndexesExceeded'
  }

  #later(index: Index): void {
    index.state = 'waiting'
    const again = (): void => {
      if (index.state === 'waiting') index.state = 'open'
      this.#reconcile()
    }
    setTimeout(again, (this.#options.backoffMs ?? 20) * 2 ** (index.failures - 1))
  }

  #end(): JobEnd {
    const numbers = (state: Index['state']) =>
      this.#indexes.filter((index) => index.state === state).map(({ number }) => number)
    const failedIndexes = numbers('failed')
    const reason = this.#failure ?? (failedIndexes.length > 0 ? 'FailedIndexes' : undefined)
    const counts = { succeeded: numbers('succeeded'), failedIndexes, pods: this.#pods }
    return reason === undefined
      ? { condition: 'Complete', ...counts }
      : { condition: 'Failed', reason, ...counts }
  }
}

const isSettled = ({ state }: Index): boolean => state === 'succeeded' || state === 'failed'

function refuseWhatTheServerRefuses({ spec }: JobManifest): void {
  if (spec.podFailurePolicy !== undefined && (spec.podReplacementPolicy ?? 'Failed') !== 'Failed')
    throw new Error('podReplacementPolicy must be Failed where there is a podFailurePolicy')
  if (spec.suspend === true) throw new Error('a suspended Job starts nothing')
}

function matches({ onExitCodes, onPodConditions }: FailureRule, pod: SimulatedPod): boolean {
  if (onPodConditions !== undefined)
    return onPodConditions.some(
      ({ type, status = 'True' }) => type === 'DisruptionTarget' && status === 'True' && pod.isDisrupted(),
    )
  const code = pod.exitCode()
  if (onExitCodes === undefined || code === undefined || code === 0) return false
  return onExitCodes.values.includes(code) === (onExitCodes.operator === 'In')
}
