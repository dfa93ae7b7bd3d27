import { readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

// Compiled files are in dist/src/config/anonymizer, four folders below the package.
const FOLDER = fileURLToPath(new URL('../../../../configs/', import.meta.url))
const PRESET_FILE = /^([a-z0-9-]+)\.json$/

/** The names of the configurations that come with the package, sorted: `safe-harbor-r4` and so on. */
export const presetNames = (): readonly string[] =>
  readdirSync(FOLDER)
    .flatMap((name) => PRESET_FILE.exec(name)?.[1] ?? [])
    .sort()

/** The file of a preset; undefined if there is no preset of that name. */
export const presetPath = (name: string): string | undefined =>
  presetNames().includes(name) ? join(FOLDER, `${name}.json`) : undefined

/**
 * The path of a configuration that is named by a path, relative to `baseFolder`, or by a preset's name. A file of that
 * name wins over the preset; a folder does not.
 */
export function configPathOf(nameOrPath: string, baseFolder?: string): string {
  const path = baseFolder === undefined ? nameOrPath : resolve(baseFolder, nameOrPath)
  return isNoFolder(path) ? path : (presetPath(nameOrPath) ?? path)
}

function isNoFolder(path: string): boolean {
  try {
    return !statSync(path).isDirectory()
  } catch {
    return false
  }
}
