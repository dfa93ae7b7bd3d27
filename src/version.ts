import { readFileSync } from 'node:fs'

// Compiled files stand in dist/src, two folders below the package.
const PACKAGE = new URL('../../package.json', import.meta.url)

/** The version of this package. */
export const packageVersion = (): string =>
  (JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }).version
