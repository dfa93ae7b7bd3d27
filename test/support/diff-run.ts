import { compareExports, type DiffOptions } from '../../src/diff/diff.js'
import type { DiffSummary } from '../../src/diff/summary.js'
import { createRetry } from '../../src/http/retry.js'

/** No store in the cloud is asked for. */
export const LOCAL_ACCESS = { credentials: () => ({ accounts: [] }), retry: createRetry({}) }

/** Compares two folders, with one example of each type unless told otherwise. */
export const compare = (
  before: string,
  after: string,
  options: Partial<DiffOptions> = {},
): Promise<DiffSummary> =>
  compareExports({ before, after, access: LOCAL_ACCESS, limit: undefined, showValues: false, ...options })
