import { sluiceError } from '../errors.js'
import { inParallel } from '../pipeline/parallel-work.js'
import { REPORT_NAME } from '../published/names.js'
import type { FoundFile, OutputFiles } from '../storage/output-files.js'
import { readContents } from './contents.js'
import { checkFiles } from './files.js'
import { type CheckProblem, problem } from './problems.js'

export interface CheckOptions {
  /** Compares names and sizes only and reads no content. */
  readonly isSizesOnly?: boolean | undefined
  /** Looks at these files only, named below the place; all others are neither missing nor extra. */
  readonly only?: ReadonlySet<string>
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (progress: CheckProgress) => void
}

export interface CheckProgress {
  readonly bytesRead: number
  readonly bytesTotal: number
}

/** What a place holds, held against its reports. It is proven where there is no problem. */
export interface CheckResult {
  readonly place: string
  readonly isProven: boolean
  readonly isSizesOnly: boolean
  readonly outputs: readonly CheckedOutput[]
  readonly problems: readonly CheckProblem[]
}

/** The output of one run: a folder with a `run.json`. */
export interface CheckedOutput {
  /** Below the place; empty for the place itself. */
  readonly folder: string
  /** Named by its report, without the report itself. */
  readonly fileCount: number
  readonly bytes: number
  /** Delivered lines and quarantined ones; undefined where the report does not say. */
  readonly lines?: { readonly delivered: number; readonly quarantined: number }
}

const FILES_AT_ONCE = 4

/**
 * Proves an output by its `run.json`: every file is there, no other one, each with its size and SHA-256. A place without
 * a report of its own is a lake: each folder with one is proven, and what lies in none is extra. Throws SOURCE_*,
 * SERVICE_UNAVAILABLE, INTERRUPTED.
 */
export async function checkOutput(files: OutputFiles, options: CheckOptions = {}): Promise<CheckResult> {
  const found = new Map<string, FoundFile>()
  for await (const file of files.list()) found.set(file.name, file)
  const problems: CheckProblem[] = []
  const outputs: CheckedOutput[] = []
  const roots = rootsOf(found)
  const work: Parameters<typeof checkFiles>[1][] = []
  if (roots.length === 0) problems.push(problem('no-report', REPORT_NAME))
  for (const root of roots) {
    const contents = await readContents(files, found, root)
    problems.push(...contents.problems)
    for (const name of contents.own) found.delete(name)
    if (contents.files === undefined) {
      // Nothing can be said of what lies beside a report that cannot be read.
      for (const name of [...found.keys()]) if (name.startsWith(root)) found.delete(name)
      continue
    }
    outputs.push({
      folder: root.replace(/\/$/, ''),
      fileCount: contents.files.length,
      bytes: contents.files.reduce((sum, { bytes }) => sum + Math.max(0, bytes), 0),
      ...(contents.lines === undefined ? {} : { lines: contents.lines }),
    })
    for (const expected of contents.files) {
      if (options.only?.has(expected.name) !== false) work.push({ expected, found: found.get(expected.name) })
      found.delete(expected.name)
    }
  }
  for (const { name, kind } of found.values())
    if (options.only?.has(name) !== false) problems.push(problem(kind === 'file' ? 'extra' : kind, name))
  problems.push(...(await checkAll(files, work, options)))
  problems.sort((a, b) => (a.file < b.file ? -1 : 1))
  const { isSizesOnly = false } = options
  return { place: files.place, isProven: problems.length === 0, isSizesOnly, outputs, problems }
}

/** Folders with a report, empty or ending in `/`; not those inside of one of them. */
function rootsOf(found: ReadonlyMap<string, FoundFile>): readonly string[] {
  if (found.has(REPORT_NAME)) return ['']
  const ending = `/${REPORT_NAME}`
  const roots: string[] = []
  const folders = [...found.keys()]
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
  for (const folder of folders.sort((a, b) => a.length - b.length))
    if (!roots.some((root) => `${folder}/`.startsWith(root))) roots.push(`${folder}/`)
  return roots.sort()
}

async function checkAll(
  files: OutputFiles,
  work: readonly Parameters<typeof checkFiles>[1][],
  { isSizesOnly = false, signal, onProgress = () => {} }: CheckOptions,
): Promise<readonly CheckProblem[]> {
  const problems: CheckProblem[] = []
  const bytesTotal = work.reduce((sum, { found }) => sum + (found?.bytes ?? 0), 0)
  let bytesRead = 0
  const onBytes = (bytes: number): void => {
    if (signal?.aborted === true)
      throw sluiceError('INTERRUPTED', {
        message: 'interrupted; the output was not verified',
        help: 'run it again',
      })
    bytesRead += bytes
    onProgress({ bytesRead, bytesTotal })
  }
  await inParallel(work, FILES_AT_ONCE, async (each) => {
    const wrong = await checkFiles(files, each, { isSizesOnly, onBytes })
    if (wrong !== undefined) problems.push(wrong)
  })
  return problems
}
