import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Image } from './build.js'
import { run } from './parts.js'

export interface Mount {
  readonly from: string
  readonly to: string
  readonly isWritable?: boolean
}

export interface ContainerOptions {
  readonly words: readonly string[]
  readonly mounts?: readonly Mount[]
  readonly env?: readonly string[]
  readonly user?: { readonly uid: number; readonly gid: number }
  /** In place of the image's own. */
  readonly entrypoint?: readonly string[]
}

export interface Ended {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Container {
  readonly finished: Promise<Ended>
  /** All of stderr so far, once it holds this text; rejects where the container ends without it. */
  saw(text: string): Promise<string>
  kill(signal: 'SIGTERM' | 'SIGINT'): void
  /** Runs a command beside the container's process, as `docker exec` does. */
  exec(command: readonly string[]): Ended
}

/** Memory of a container; `sluice` fits its buffers and heaps to it. */
const MEMORY_BYTES = 512 * 2 ** 20

interface Spec {
  process: object
  readonly mounts: object[]
  root: object
  readonly linux: { resources: object }
}

/**
 * Starts containers by `runc`, the runtime that Docker and Kubernetes use as well: PID 1 in a PID namespace of its own,
 * a root file system that is read-only, no network but loopback, no capabilities, a limit on memory.
 */
export class Runtime {
  readonly #image: Image
  readonly #folder: string
  #started = 0

  constructor(image: Image, folder: string) {
    this.#image = image
    this.#folder = folder
    mkdirSync(folder)
  }

  start(options: ContainerOptions): Container {
    this.#started += 1
    const id = `sluice-test-${process.pid}-${this.#started}`
    const bundle = join(this.#folder, id)
    mkdirSync(bundle)
    this.#writeSpec(bundle, options)
    const child = spawn('runc', ['--root', this.#state, 'run', '--bundle', bundle, id], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const texts = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (piece: Buffer) => {
        texts[name] += piece.toString()
      })
    const finished = new Promise<Ended>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (exitCode) => resolve({ exitCode, ...texts }))
    })
    return {
      finished,
      saw: (text) =>
        new Promise((resolve, reject) => {
          const look = (): void => {
            if (texts.stderr.includes(text)) resolve(texts.stderr)
          }
          child.stderr.on('data', look)
          child.once('close', () => reject(new Error(`ended without ${text}: ${texts.stderr}`)))
          look()
        }),
      kill: (signal) => void run('runc', ['--root', this.#state, 'kill', id, signal]),
      exec: (command) => {
        const { status, stdout, stderr } = spawnSync(
          'runc',
          ['--root', this.#state, 'exec', id, ...command],
          {
            encoding: 'utf8',
          },
        )
        return { exitCode: status, stdout, stderr }
      },
    }
  }

  get #state(): string {
    return join(this.#folder, 'state')
  }

  #writeSpec(bundle: string, { words, mounts = [], env = [], user, entrypoint }: ContainerOptions): void {
    const { config, rootFolder } = this.#image
    run('runc', ['spec', '--bundle', bundle])
    const path = join(bundle, 'config.json')
    const spec = JSON.parse(readFileSync(path, 'utf8')) as Spec
    const [uid = 0, gid = 0] = config.User.split(':').map(Number)
    spec.process = {
      user: user ?? { uid, gid },
      args: [...(entrypoint ?? config.Entrypoint), ...words],
      env: [...config.Env, ...env],
      cwd: config.WorkingDir,
      noNewPrivileges: true,
    }
    spec.root = { path: rootFolder, readonly: true }
    spec.mounts.push(
      ...mounts.map(({ from, to, isWritable = false }) => ({
        destination: to,
        type: 'bind',
        source: from,
        options: ['rbind', isWritable ? 'rw' : 'ro'],
      })),
    )
    spec.linux.resources = { ...spec.linux.resources, memory: { limit: MEMORY_BYTES } }
    writeFileSync(path, JSON.stringify(spec))
  }
}
