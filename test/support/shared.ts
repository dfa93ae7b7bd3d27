import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

// Compiled files are in dist/test/support, three folders below the project.
const projectUrl = new URL('../../../', import.meta.url)
const sharedUrl = new URL('../shared/', projectUrl)

/** The project's own folder. */
export const projectRoot = fileURLToPath(projectUrl)

/** Path of a file or folder of `../shared`, the reference material beside the project. */
export const sharedPath = (path: string): string => fileURLToPath(new URL(path, sharedUrl))

/**
 * For tap's `skip` option: the printed reason why a test that reads these paths of `../shared` cannot run,
 * `false` where all of them are there.
 */
export function skipWithoutShared(...paths: readonly string[]): string | false {
  const absent = paths.filter((path) => !existsSync(sharedPath(path)))
  if (absent.length === 0) return false
  const reason = `../shared/${absent.join(', ../shared/')} is not there`
  console.log(`# skipped: ${reason}`)
  return reason
}

/** Text of a file of `../shared`, unpacked if its name ends in `.gz`. */
export function readShared(path: string): string {
  const bytes = readFileSync(sharedPath(path))
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
}

/** The lines of an NDJSON file of `../shared`, without blank ones. */
export const sharedLines = (path: string): string[] =>
  readShared(path)
    .split('\n')
    .filter((line) => line.trim() !== '')
