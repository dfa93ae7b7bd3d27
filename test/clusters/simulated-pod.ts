import { type ChildProcess, spawn } from 'node:child_process'
import type { PodIdentity } from './job-manifest.js'

/** `terminating`: deleted, and its process has not ended. */
export type Phase = 'running' | 'terminating' | 'succeeded' | 'failed'

export interface Pod extends PodIdentity {
  readonly phase: () => Phase
  readonly stdout: () => string
  readonly stderr: () => string
  readonly exitCode: () => number | undefined
  /** Resolves once stderr holds this text; rejects if the pod ends without it. */
  saw(text: string): Promise<void>
  /** The process is gone at once, as after an out-of-memory kill. */
  kill(): void
  /** The node is drained: DisruptionTarget, SIGTERM, and SIGKILL after the grace period. */
  evict(): void
  /** The node is cut off and the pod removed from the cluster by force, while its process goes on. */
  lose(): void
  /** Resolves once the process has ended, also that of a lost pod. */
  readonly gone: Promise<void>
}

export interface SimulatedContainer {
  readonly words: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs: number
}

/** A pod of the simulated Job: one process of this machine. */
export class SimulatedPod implements Pod {
  readonly name: string
  readonly uid: string
  readonly index: number
  readonly gone: Promise<void>
  readonly #child: ChildProcess
  readonly #graceMs: number
  readonly #changed: () => void
  readonly #texts = { stdout: '', stderr: '' }
  #phase: Phase = 'running'
  #exitCode: number | undefined
  #isDisrupted = false
  #isLost = false

  constructor(identity: PodIdentity, container: SimulatedContainer, changed: () => void) {
    this.name = identity.name
    this.uid = identity.uid
    this.index = identity.index
    this.#changed = changed
    this.#graceMs = container.graceMs
    const [command = '', ...args] = container.words
    const env = { PATH: process.env.PATH ?? '', ...container.env }
    this.#child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const name of ['stdout', 'stderr'] as const)
      this.#child[name]?.on('data', (data) => {
        this.#texts[name] += data
      })
    this.gone = new Promise((resolve) => {
      const over = (code: number | null, signal: string | null): void => {
        this.#over(code, signal)
        resolve()
      }
      this.#child.once('error', () => over(128, null))
      this.#child.once('close', over)
    })
  }

  #over(code: number | null, signal: string | null): void {
    // As a container runtime counts: 128 and the number of the signal.
    this.#exitCode = code ?? 128 + (signal === 'SIGKILL' ? 9 : 15)
    if (this.#isLost) return
    this.#phase = this.#exitCode === 0 ? 'succeeded' : 'failed'
    this.#changed()
  }

  phase = (): Phase => this.#phase
  stdout = (): string => this.#texts.stdout
  stderr = (): string => this.#texts.stderr
  exitCode = (): number | undefined => this.#exitCode
  isDisrupted = (): boolean => this.#isDisrupted
  isAlive = (): boolean => this.#phase === 'running' || this.#phase === 'terminating'

  saw(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (this.stderr().includes(text)) resolve()
      }
      this.#child.stderr?.on('data', look)
      this.#child.once('close', () => reject(new Error(`${this.name} ended without ${text}`)))
      look()
    })
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  evict(): void {
    this.#isDisrupted = true
    this.delete()
  }

  lose(): void {
    this.#isDisrupted = true
    this.#isLost = true
    this.#phase = 'failed'
    queueMicrotask(this.#changed)
  }

  delete(): void {
    if (this.#phase !== 'running') return
    this.#phase = 'terminating'
    this.#child.kill('SIGTERM')
    const late = setTimeout(() => this.#child.kill('SIGKILL'), this.#graceMs)
    this.#child.once('close', () => clearTimeout(late))
    // The caller may be in the middle of a reconciliation.
    queueMicrotask(this.#changed)
  }
}
