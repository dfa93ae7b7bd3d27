import { createHash } from 'node:crypto'
import { SIZE_UNKNOWN } from '../published/read.js'
import type { FoundFile, OutputFiles } from '../storage/output-files.js'
import { type CheckProblem, problem } from './problems.js'

/** A file as a report describes it. */
export interface ExpectedFile {
  /** Below the place that is checked. */
  readonly name: string
  readonly bytes: number
  readonly sha256?: string | undefined
}

/** What is wrong with one file; undefined where nothing is. Throws SOURCE_*, and what `onBytes` throws. */
export async function checkFiles(
  files: OutputFiles,
  { expected, found }: { readonly expected: ExpectedFile; readonly found: FoundFile | undefined },
  { isSizesOnly, onBytes }: { readonly isSizesOnly: boolean; readonly onBytes: (bytes: number) => void },
): Promise<CheckProblem | undefined> {
  const { name, bytes, sha256 } = expected
  if (found === undefined) return problem('missing', name)
  if (found.kind !== 'file') return problem(found.kind, name)
  if (bytes !== SIZE_UNKNOWN && found.bytes < bytes) return problem('truncated', name)
  if (bytes !== SIZE_UNKNOWN && found.bytes > bytes) return problem('changed', name)
  if (isSizesOnly) return undefined
  if (sha256 === undefined) return problem('no-digest', name)
  return (await digestOf(files, found, onBytes)) === sha256 ? undefined : problem('changed', name)
}

async function digestOf(
  files: OutputFiles,
  found: FoundFile,
  onBytes: (bytes: number) => void,
): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of files.read(found)) {
    hash.update(piece)
    onBytes(piece.length)
  }
  return hash.digest('hex')
}
