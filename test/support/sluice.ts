import { spawn } from 'node:child_process'
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
}

/** Runs the built command line as a process of its own. */
export function sluice(words: readonly string[], options: SluiceOptions = {}): Promise<Finished> {
  const child = spawn(process.execPath, [join(projectRoot, 'dist', 'src', 'cli.js'), ...words], {
    // Without tap's loaders: the process is the one users start.
    env: { PATH: process.env.PATH ?? '', ...options.env },
    cwd: options.cwd ?? projectRoot,
  })
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
  child.stdout.on('data', (chunk: Buffer) => chunks.stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => chunks.stderr.push(chunk))
  // A process that ends before it has read everything is no fault of the test.
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.stdin ?? '')
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exitCode) =>
      resolve({
        exitCode,
        stdout: Buffer.concat(chunks.stdout).toString(),
        stderr: Buffer.concat(chunks.stderr).toString(),
      }),
    )
  })
}
