import { readFileSync } from 'node:fs'

/** Changes whenever the same input and configuration give other bytes: older checkpoints are then started afresh. */
export const OUTPUT_VERSION = 2

// Compiled files stand in dist/src/pipeline, three folders below the package.
const PACKAGE = new URL('../../../package.json', import.meta.url)

/** The version of this package. */
export const packageVersion = (): string =>
  (JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }).version
