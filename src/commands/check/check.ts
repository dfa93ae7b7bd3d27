import { type CheckResult, checkOutput } from '../../check/check.js'
import { printByteCount, printCount } from '../../config/units/sizes.js'
import { openOutputFiles } from '../../storage/open.js'
import type { Terminal } from '../display/terminal.js'
import { EXIT, type ExitCode } from '../exit-codes.js'
import { usage } from '../shared-options.js'
import { storeAccess } from '../store-access.js'
import type { CheckValues } from './options.js'

const MAX_SHOWN = 50

/** `sluice check`. Throws what the store throws. */
export async function check(
  { json, sizesOnly }: CheckValues,
  terminal: Terminal,
  [output, ...others]: readonly string[],
): Promise<ExitCode> {
  if (output === undefined || others.length > 0) throw usage('check needs one output: a folder or an address')
  const files = await openOutputFiles(output, storeAccess(terminal))
  const result = await checkOutput(files, { isSizesOnly: sizesOnly, signal: terminal.signal })
  if (json) terminal.print(JSON.stringify(result))
  else for (const line of checkText(result)) terminal.print(line)
  return result.isProven ? EXIT.delivered : EXIT.sink
}

/** What was found, for people. */
export function* checkText({
  isProven,
  isSizesOnly,
  outputs,
  problems,
  place,
}: CheckResult): Iterable<string> {
  for (const { code, file, message } of problems.slice(0, MAX_SHOWN)) yield `${code}: ${file}: ${message}`
  const left = problems.length - MAX_SHOWN
  if (left > 0) yield `… and ${printCount(left)} more problems; --json lists all`
  for (const { folder, fileCount, bytes, lines } of outputs)
    yield `${folder === '' ? place : folder}: ${printCount(fileCount)} ${fileCount === 1 ? 'file' : 'files'}, ${printByteCount(bytes)}${
      lines === undefined ? '' : `, ${printCount(lines.delivered)} lines`
    }`
  if (!isProven)
    yield `verification failed: ${printCount(problems.length)} ${problems.length === 1 ? 'problem' : 'problems'}`
  else
    yield isSizesOnly
      ? 'names and sizes are right; contents were not read'
      : 'verified: all files are as the run wrote them'
}
