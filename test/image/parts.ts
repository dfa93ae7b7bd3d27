import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'

/** What builds and runs an image without a daemon; all are packages of Debian of the same name. */
const PROGRAMS = ['buildah', 'mmdebstrap', 'runc'] as const

/** Whether what is missing is an error: `npm run image:test`, which also installs programs. */
export const isRequired = process.env.SLUICE_IMAGE === 'required'

const missing = (): readonly string[] =>
  PROGRAMS.filter((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status !== 0)

/** Why no image can be built and run here; undefined if it can be tried. */
export function whyNot(): string | undefined {
  if (process.platform !== 'linux') return 'it needs Linux'
  if (process.getuid?.() !== 0) return 'it needs root'
  if (isRequired && missing().length > 0) {
    const quietly = ['install', '--yes', '--no-install-recommends', ...missing()]
    for (const words of [['update', '--quiet=2'], quietly]) spawnSync('apt-get', words, { stdio: 'ignore' })
  }
  const absent = missing()
  return absent.length === 0
    ? undefined
    : `${absent.join(', ')} not installed; npm run image:test installs them`
}

/** Runs a program to its end; gives its output, with stderr in the error of a failure. */
export function run(program: string, words: readonly string[], cwd?: string): string {
  // The loaders that tap gives its children are for none of these programs.
  const { NODE_OPTIONS: _, ...env } = process.env
  const { error, status, stdout, stderr } = spawnSync(program, words, {
    cwd,
    env: { ...env, BUILDAH_ISOLATION: 'chroot' },
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
  })
  if (error !== undefined) throw error
  if (status !== 0)
    throw new Error(
      `${program} ${words.slice(0, 6).join(' ')} … ended with ${status}:\n${stderr.slice(-3000)}`,
    )
  return stdout
}

/** Folder of the npm that runs here. */
export const npmFolder = (): string =>
  createRequire(`${run('npm', ['root', '--global']).trim()}/`)
    .resolve('npm/package.json')
    .replace(/\/package\.json$/, '')
