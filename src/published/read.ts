import { parseJson } from '../json/parse.js'
import { isRecord } from '../json/record.js'
import { textLines } from '../ndjson/text-lines.js'
import { GENERATOR, isInnerName, LIST_NAME, REPORT_NAME } from './names.js'
import type { OutputList, PublishedLines, PublishedOutput, PublishedPart } from './report.js'

/** What a report says is in an output. It may come from anywhere: everything that is read here has been checked. */
export interface ReadReport {
  /** 1 for reports of versions that wrote no digests. */
  readonly format: number
  readonly lines: PublishedLines | undefined
  readonly outputs: readonly PublishedOutput[] | OutputList
}

/** The size of a part that a report does not give. */
export const SIZE_UNKNOWN = -1

/** Why an output cannot be checked against this text. The reason quotes file names from it and nothing else. */
export class InvalidReport {
  constructor(readonly reason: string) {}
}

/** Whether a value is a report that Sluice wrote: in an output or in the state, of an anonymized or of a raw export. */
export const isOwnReport = (value: unknown): value is Readonly<Record<string, unknown>> =>
  isRecord(value) && value.generator === GENERATOR

/** Reads `run.json` of this version and of earlier ones. */
export function readPublished(text: string): ReadReport | InvalidReport {
  const report = parseJson(text)
  if (!isOwnReport(report)) return new InvalidReport('is not a report of Sluice')
  const format = report.format ?? 1
  if (format !== 1 && format !== 2) return new InvalidReport('was written by a newer version of Sluice')
  const { outputs, lines } = report
  const head = { format, lines: isLines(lines) ? lines : undefined }
  if (isRecord(outputs)) {
    if (
      outputs.file === LIST_NAME &&
      isCount(outputs.count) &&
      isCount(outputs.bytes) &&
      isDigest(outputs.sha256)
    )
      return { ...head, outputs: outputs as unknown as OutputList }
    return new InvalidReport(`names a list of outputs that is not ${LIST_NAME}`)
  }
  if (!Array.isArray(outputs)) return new InvalidReport('names no outputs')
  const names = new NameCheck()
  const read: PublishedOutput[] = []
  for (const each of outputs) {
    const output = readOutput(each, names)
    if (output instanceof InvalidReport) return output
    if (output !== undefined) read.push(output)
  }
  return { ...head, outputs: read }
}

/** One entry of `outputs`, or line of the list; undefined for one that has no file (of earlier versions). */
export function readOutput(value: unknown, names: NameCheck): PublishedOutput | InvalidReport | undefined {
  if (!isRecord(value) || typeof value.name !== 'string')
    return new InvalidReport('has an output without a name')
  const { name, bytes, sha256, lines, parts } = value
  if (lines !== undefined && !isLines(lines)) return new InvalidReport(`has no counts for ${shown(name)}`)
  if (!isCount(bytes)) return new InvalidReport(`has no size for ${shown(name)}`)
  if (sha256 !== undefined && !isDigest(sha256)) return new InvalidReport(`has no SHA-256 for ${shown(name)}`)
  const output = {
    name,
    bytes,
    ...(lines === undefined ? {} : { lines }),
    ...(sha256 === undefined ? {} : { sha256 }),
  }
  if (parts === undefined) {
    // A document that was quarantined: earlier versions list it, although it has no output.
    if (bytes === 0 && sha256 === undefined && /\.json(?:\.gz|\.zst)?$/i.test(name)) return undefined
    return names.refused(name) ?? output
  }
  if (!Array.isArray(parts) || parts.length === 0) return new InvalidReport(`has no parts for ${shown(name)}`)
  const read = parts.map(readPart)
  for (const part of read) {
    if (part === undefined) return new InvalidReport(`has a part that is not described in ${shown(name)}`)
    const refused = names.refused(part.name)
    if (refused !== undefined) return refused
  }
  return { ...output, parts: read as PublishedPart[] }
}

function readPart(value: unknown): PublishedPart | undefined {
  // Earlier versions give the names of parts only.
  if (typeof value === 'string') return { name: value, bytes: SIZE_UNKNOWN }
  if (!isRecord(value) || typeof value.name !== 'string' || !isCount(value.bytes)) return undefined
  const { name, bytes, sha256 } = value
  if (sha256 !== undefined && !isDigest(sha256)) return undefined
  return { name, bytes, ...(sha256 === undefined ? {} : { sha256 }) }
}

/** The lines of `outputs.ndjson`. */
export function readList(text: string): readonly PublishedOutput[] | InvalidReport {
  const names = new NameCheck()
  const outputs: PublishedOutput[] = []
  for (const line of textLines(text)) {
    if (line.text === '') continue
    const output = readOutput(parseJson(line.text), names)
    if (output instanceof InvalidReport) return output
    if (output !== undefined) outputs.push(output)
  }
  return outputs
}

/** Finds names that leave the folder, are Sluice's own, or come twice. */
export class NameCheck {
  readonly #taken = new Set<string>()

  refused(name: string): InvalidReport | undefined {
    if (!isInnerName(name)) return new InvalidReport(`names a file outside the output: ${shown(name)}`)
    if (name === REPORT_NAME || name === LIST_NAME) return new InvalidReport(`names ${name} as an output`)
    if (this.#taken.has(name)) return new InvalidReport(`names ${shown(name)} twice`)
    this.#taken.add(name)
    return undefined
  }
}

/** As one line of text, whatever it holds. */
const shown = (name: string): string => JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name)

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const isLines = (value: unknown): value is PublishedLines =>
  isRecord(value) && [value.read, value.delivered, value.quarantined, value.blank].every(isCount)

const isDigest = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
