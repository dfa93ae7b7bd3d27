import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Problem } from '../../errors.js'

/** A module with a method of the user's own. */
export interface CustomModule {
  /** Lower case. */
  readonly name: string
  /** `file:` URL. */
  readonly url: string
  /** Digest of its text: a changed method is another configuration. Modules that it imports are not read. */
  readonly sha256: string
}

/** Finds the modules of `customMethods`; a problem for each that is not there or takes a built-in name. */
export function findCustomModules(
  paths: Readonly<Record<string, string>>,
  builtIn: readonly string[],
  baseFolder: string,
): { readonly modules: readonly CustomModule[]; readonly problems: readonly Problem[] } {
  const modules: CustomModule[] = []
  const problems: Problem[] = []
  for (const [key, path] of Object.entries(paths)) {
    const name = key.toLowerCase()
    const report = (message: string) => problems.push({ path: `customMethods.${key}`, message })
    if (builtIn.some((method) => method.toLowerCase() === name)) report('is the name of a built-in method')
    else if (modules.some((module) => module.name === name)) report('is named twice (case does not count)')
    else {
      const file = resolve(baseFolder, path)
      const sha256 = fileHash(file)
      if (sha256 === undefined) report(`names ${path}, which cannot be read`)
      // Kept although it is missing: a rule that uses it has no fault of its own.
      modules.push({ name, url: pathToFileURL(file).href, sha256: sha256 ?? '' })
    }
  }
  return { modules, problems }
}

function fileHash(path: string): string | undefined {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex')
  } catch {
    return undefined
  }
}
