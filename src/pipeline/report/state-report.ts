import { createHash } from 'node:crypto'
import { parseJson } from '../../json/parse.js'
import { textLines } from '../../ndjson/text-lines.js'
import { LIST_NAME, REPORT_NAME } from '../../published/names.js'
import { isOwnReport } from '../../published/read.js'
import type { OutputList } from '../../published/report.js'
import type { State } from '../../storage/store.js'
import type { OutputReport, RunReport } from './report.js'

/** With more outputs than this, the list goes to a file of its own, so that no report grows without bound. */
export const INLINE_OUTPUTS = 10_000

const PIECE_LENGTH = 2 ** 20

/** Yields the lines of a list in pieces of about a MiB, and finally their digest. */
export class ListWriter {
  #piece = ''
  #hash = createHash('sha256')
  #count = 0
  #bytes = 0

  readonly #write: (piece: string) => Promise<void>

  constructor(write: (piece: string) => Promise<void>) {
    this.#write = write
  }

  async add(value: object): Promise<void> {
    this.#piece += `${JSON.stringify(value)}\n`
    this.#count += 1
    if (this.#piece.length >= PIECE_LENGTH) await this.#flush()
  }

  async end(): Promise<OutputList> {
    await this.#flush()
    return { file: LIST_NAME, count: this.#count, bytes: this.#bytes, sha256: this.#hash.digest('hex') }
  }

  async #flush(): Promise<void> {
    const piece = this.#piece
    this.#piece = ''
    if (piece === '') return
    this.#hash.update(piece)
    this.#bytes += Buffer.byteLength(piece)
    await this.#write(piece)
  }
}

/** A report whose outputs are listed in a file; `isEarlier` marks outputs of other sources. */
type SplitReport = Omit<RunReport, 'outputs' | 'earlier'> & { readonly outputs: OutputList }
type ListedOutput = OutputReport & { readonly isEarlier?: true }

/** Writes the full report to the state. */
export async function writeRunReport(
  state: State,
  report: RunReport,
  inlineOutputs: number = INLINE_OUTPUTS,
): Promise<void> {
  if (isInline(report, inlineOutputs)) {
    await state.write(REPORT_NAME, `${JSON.stringify(report, null, 2)}\n`)
    return
  }
  const file = await state.appender(LIST_NAME, 0)
  let split: SplitReport
  try {
    split = await splitReport(report, (piece) => file.append(piece))
    await file.flush()
  } finally {
    await file.close()
  }
  await state.write(REPORT_NAME, `${JSON.stringify(split, null, 2)}\n`)
}

/** Makes a report of bounded length: many outputs are listed only in `outputs.ndjson` of the state. */
export async function reportJson(report: RunReport, inlineOutputs: number = INLINE_OUTPUTS): Promise<string> {
  return JSON.stringify(isInline(report, inlineOutputs) ? report : await splitReport(report, async () => {}))
}

const isInline = ({ outputs, earlier }: RunReport, inlineOutputs: number): boolean =>
  outputs.length + earlier.length <= inlineOutputs

async function splitReport(
  { outputs, earlier, ...rest }: RunReport,
  write: (piece: string) => Promise<void>,
): Promise<SplitReport> {
  const writer = new ListWriter(write)
  for (const output of outputs) await writer.add(output)
  for (const output of earlier) await writer.add({ ...output, isEarlier: true } satisfies ListedOutput)
  return { ...rest, outputs: await writer.end() }
}

/** Reads the report; undefined if there is none or a crash cut off its list. The next run writes it again. */
export async function readRunReport(state: Pick<State, 'read'>): Promise<RunReport | undefined> {
  const report = parseJson((await state.read(REPORT_NAME)) ?? '') as Partial<RunReport | SplitReport>
  if (!isOwnReport(report) || report.outputs === undefined) return undefined
  if (Array.isArray(report.outputs)) return { earlier: [], ...report } as RunReport
  const text = (await state.read(LIST_NAME)) ?? ''
  if (createHash('sha256').update(text).digest('hex') !== (report as SplitReport).outputs.sha256)
    return undefined
  const outputs: OutputReport[] = []
  const earlier: OutputReport[] = []
  for (const line of textLines(text)) {
    const output = parseJson(line.text) as ListedOutput | null | undefined
    if (output != null) (output.isEarlier === true ? earlier : outputs).push(output)
  }
  return { ...report, outputs, earlier } as RunReport
}
