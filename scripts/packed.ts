import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

// Compiled files are in dist/scripts, two folders below the project.
export const projectFolder = fileURLToPath(new URL('../../', import.meta.url))

/** Runs a program, with its stderr shown, and gives its stdout. Throws where it cannot be run or fails. */
export function run(program: string, words: readonly string[], cwd: string): string {
  const { error, status, stdout } = spawnSync(program, words, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 2 ** 20,
  })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${program} ${words.join(' ')} ended with ${status}:\n${stdout}`)
  return stdout
}

/** The paths of the files that `npm pack` puts into the tarball. The build must be up to date. */
export function packedFiles(): readonly string[] {
  const json = run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], projectFolder)
  const [{ files }] = JSON.parse(json) as [{ files: { path: string }[] }]
  return files.map(({ path }) => path)
}
