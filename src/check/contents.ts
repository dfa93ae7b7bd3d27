import { createHash, type Hash } from 'node:crypto'
import { parseJson } from '../json/parse.js'
import { linesOfPieces } from '../ndjson/line-stream.js'
import { COMPLETED_RUN_NAMES, LIST_NAME, REPORT_NAME } from '../published/names.js'
import { InvalidReport, NameCheck, readOutput, readPublished } from '../published/read.js'
import type { OutputList, PublishedOutput } from '../published/report.js'
import type { FoundFile, OutputFiles } from '../storage/output-files.js'
import type { ExpectedFile } from './files.js'
import { type CheckProblem, problem } from './problems.js'

/** What the report of one output says is in it. */
export interface Contents {
  /** The names of the report and its list. */
  readonly own: readonly string[]
  /** Undefined where the report cannot be read. */
  readonly files: readonly ExpectedFile[] | undefined
  readonly lines?: { readonly delivered: number; readonly quarantined: number } | undefined
  readonly problems: readonly CheckProblem[]
}

// Reports of 10,000 outputs have some 3 MB; earlier versions put all outputs into them.
const MAX_REPORT_BYTES = 256 * 2 ** 20
const MAX_LIST_LINE_BYTES = 2 ** 20

/** Reads the report of the output in a folder: `root` is empty or ends in `/`. Throws SOURCE_*. */
export async function readContents(
  files: OutputFiles,
  found: ReadonlyMap<string, FoundFile>,
  root: string,
): Promise<Contents> {
  const name = `${root}${REPORT_NAME}`
  const invalid = (reason?: string, file = name): Contents => ({
    own: [name],
    files: undefined,
    problems: [problem('invalid-report', file, reason)],
  })
  const file = found.get(name)
  if (file === undefined) return invalid()
  if (file.kind !== 'file') return { ...invalid(), problems: [problem(file.kind, name)] }
  if (file.bytes > MAX_REPORT_BYTES) return invalid('is too large for a report')
  const report = readPublished(await textOf(files, file))
  if (report instanceof InvalidReport) return invalid(report.reason)
  const { outputs, lines } = report
  const reports = [name, ...Object.values(COMPLETED_RUN_NAMES).map((each) => `${root}${each}`)]
  if (!('file' in outputs)) return { own: reports, files: expectedOf(outputs, root), lines, problems: [] }
  const listName = `${root}${LIST_NAME}`
  const own = [...reports, listName]
  const list = found.get(listName)
  if (list?.kind !== 'file')
    return { own, files: undefined, problems: [problem(list?.kind ?? 'missing', listName)] }
  const read = await readList(files, list, outputs)
  if (read instanceof InvalidReport) return { ...invalid(read.reason, listName), own }
  return { own, files: expectedOf(read, root), lines, problems: [] }
}

/** Each file by itself, also those of a split output. */
const expectedOf = (outputs: readonly PublishedOutput[], root: string): readonly ExpectedFile[] =>
  outputs.flatMap(({ name, bytes, sha256, parts }) =>
    (parts ?? [{ name, bytes, sha256 }]).map((file) => ({ ...file, name: `${root}${file.name}` })),
  )

async function textOf(files: OutputFiles, file: FoundFile): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of files.read(file)) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces).toString('utf8')
}

/** Line by line: it may be of any length. */
async function readList(
  files: OutputFiles,
  file: FoundFile,
  { bytes, sha256, count }: OutputList,
): Promise<readonly PublishedOutput[] | InvalidReport> {
  if (file.bytes !== bytes) return new InvalidReport('has another size than run.json says')
  const hash = createHash('sha256')
  const names = new NameCheck()
  const outputs: PublishedOutput[] = []
  const lines = linesOfPieces(hashed(files.read(file), hash), { maxLineBytes: MAX_LIST_LINE_BYTES })
  for await (const line of lines) {
    if (line.bytes === undefined) return new InvalidReport('has a line that is too long')
    const output = readOutput(parseJson(line.bytes.toString('utf8')), names)
    if (output instanceof InvalidReport) return output
    if (output !== undefined) outputs.push(output)
  }
  if (hash.digest('hex') !== sha256 || outputs.length !== count)
    return new InvalidReport('is not the list that the run wrote')
  return outputs
}

async function* hashed(pieces: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    hash.update(piece)
    yield piece
  }
}
