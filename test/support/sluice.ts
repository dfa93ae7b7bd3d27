import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { join } from 'node:path'
import { projectRoot } from './shared.js'

export interface Finished {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface SluiceOptions {
  readonly stdin?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Never read its stderr. */
  readonly leaveStderr?: boolean
}

/** Runs the built command line as a process of its own. */
export const sluice = (words: readonly string[], options: SluiceOptions = {}): Promise<Finished> =>
  startSluice(words, options).finished

export interface Running {
  readonly child: ChildProcessWithoutNullStreams
  readonly finished: Promise<Finished>
  /** All of stderr so far, once it holds this text; rejects where the process ends without it. */
  saw(text: string): Promise<string>
}

export function startSluice(words: readonly string[], options: SluiceOptions = {}): Running {
  const child = spawn(process.execPath, [join(projectRoot, 'dist', 'src', 'cli.js'), ...words], {
    // No variable of this process, so that the settings are the ones given. Under tap, its loaders are added.
    env: { PATH: process.env.PATH ?? '', ...options.env },
    cwd: options.cwd ?? projectRoot,
  })
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
  const textOf = (name: 'stdout' | 'stderr'): string => Buffer.concat(chunks[name]).toString()
  child.stdout.on('data', (chunk: Buffer) => chunks.stdout.push(chunk))
  if (options.leaveStderr !== true) child.stderr.on('data', (chunk: Buffer) => chunks.stderr.push(chunk))
  // A process that ends before it has read everything is no fault of the test.
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.stdin ?? '')
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject)
    child.on(options.leaveStderr === true ? 'exit' : 'close', (exitCode) =>
      resolve({ exitCode, stdout: textOf('stdout'), stderr: textOf('stderr') }),
    )
  })
  const saw = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (textOf('stderr').includes(text)) resolve(textOf('stderr'))
      }
      child.stderr.on('data', look)
      child.once('close', () => reject(new Error(`the process ended without ${text}: ${textOf('stderr')}`)))
      look()
    })
  return { child, finished, saw }
}
