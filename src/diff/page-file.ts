import { realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { sluiceError } from '../errors.js'
import { writing } from '../storage/folder/file-errors.js'
import { writeWhole } from '../storage/folder/folder-files.js'
import { checkReplaceable } from '../storage/folder/replaceable-file.js'
import { localPathsOf } from '../storage/open.js'
import { compareExports, type DiffOptions } from './diff.js'
import { diffPage } from './page/page.js'
import type { DiffSummary } from './summary.js'

export interface PageOptions extends Omit<DiffOptions, 'limit'> {
  /** Where the page goes, a file on this machine; one that is there is replaced. */
  readonly page: string
  /** Pairs of resources on the page; by default one of each type. */
  readonly limit?: number
}

/** Compares two exports and writes the page about it. Throws USAGE, SOURCE_*, SINK_*, INTERRUPTED. */
export async function writeDiffPage({ page, limit, ...rest }: PageOptions): Promise<DiffSummary> {
  const options = { ...rest, limit }
  await checkPagePlace(page, options)
  const summary = await compareExports(options)
  await writePage(page, summary, options)
  return summary
}

const OWNER_ONLY = 0o600
const READABLE = 0o666

/** Throws SINK_FULL, SINK_UNWRITABLE. */
export async function writePage(
  page: string,
  summary: DiffSummary,
  { showValues }: Pick<DiffOptions, 'showValues'>,
): Promise<void> {
  const text = diffPage(summary, { hasValues: showValues, madeAt: new Date() })
  await writing(page, () => writeWhole(page, text, showValues ? OWNER_ONLY : READABLE))
}

/** Throws USAGE for a page with values among the outputs, which are to be shared. */
export async function checkPagePlace(
  page: string,
  { before, after, showValues }: Pick<DiffOptions, 'before' | 'after' | 'showValues'>,
): Promise<void> {
  const { outputs: afterFolder, state } = localPathsOf(after)
  const apartFrom = [localPathsOf(before).outputs, state].filter((path) => path !== undefined)
  await checkReplaceable({ path: page, option: '--html', begins: /^<!doctype html/i, apartFrom })
  if (!showValues || afterFolder === undefined) return
  const outputs = await realpath(afterFolder).catch(() => resolve(afterFolder))
  const folder = await realpath(dirname(page)).catch(() => resolve(dirname(page)))
  if (!`${join(folder, basename(page))}/`.startsWith(`${outputs}/`)) return
  throw sluiceError('USAGE', {
    at: page,
    message: 'a page with values must not lie among the outputs',
    help: 'choose another place',
  })
}
