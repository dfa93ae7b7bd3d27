import { isColorWanted } from '../../config/environment/color.js'
import { compareExports, type DiffOptions } from '../../diff/diff.js'
import { checkPagePlace, writePage } from '../../diff/page-file.js'
import type { DiffSummary } from '../../diff/summary.js'
import { widthOf } from '../display/columns.js'
import type { ProgressDisplay } from '../display/progress-bar.js'
import type { Terminal } from '../display/terminal.js'
import { EXIT, type ExitCode } from '../exit-codes.js'
import { usage } from '../shared-options.js'
import { storeAccess } from '../store-access.js'
import type { DiffValues } from './options.js'
import { diffText } from './text.js'

const SHOWN = 3
const DEFAULT_WIDTH = 110

/** `sluice diff`. Throws what the stores and the comparison throw. */
export async function diff(
  values: DiffValues,
  terminal: Terminal,
  [before, after, ...others]: readonly string[],
): Promise<ExitCode> {
  if (before === undefined || after === undefined || others.length > 0)
    throw usage('diff needs two folders or addresses: before and after')
  const { html, limit = html === undefined ? SHOWN : undefined } = values
  const options: DiffOptions = { ...values, before, after, limit, access: storeAccess(terminal) }
  if (html !== undefined) await checkPagePlace(html, options)
  const summary = await withProgress(terminal, values.json, (onProgress) =>
    compareExports({ ...options, signal: terminal.signal, onProgress }),
  )
  if (html !== undefined) await writePage(html, summary, options)
  if (values.json) terminal.print(JSON.stringify(summary))
  else show(summary, values, terminal)
  const { quarantined, tooLong, unreadable } = summary.lines
  return quarantined + tooLong + unreadable > 0 ? EXIT.someQuarantined : EXIT.delivered
}

async function withProgress<T>(
  terminal: Terminal,
  isForMachine: boolean,
  run: (onProgress: DiffOptions['onProgress']) => Promise<T>,
): Promise<T> {
  if (!terminal.isInteractive || isForMachine) return run(undefined)
  const bar: ProgressDisplay = (await import('../display/progress-bar.js')).progressBar(terminal.stderr)
  try {
    return await run(({ lines, quarantined, ...bytes }) =>
      bar.update({ ...bytes, lineCount: lines, quarantinedCount: quarantined }),
    )
  } finally {
    bar.close()
  }
}

function show(summary: DiffSummary, { html, limit }: DiffValues, terminal: Terminal): void {
  const { stdout } = terminal
  const width = widthOf(stdout, DEFAULT_WIDTH)
  const examples = summary.examples.slice(0, limit ?? SHOWN)
  for (const line of diffText({ ...summary, examples }, { isColored: isColorWanted(stdout), width }))
    terminal.printColored(line)
  if (html !== undefined) terminal.print(`page: ${html}`)
}
