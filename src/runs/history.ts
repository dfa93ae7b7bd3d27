import { parseJson } from '../json/parse.js'
import { endedLines, textLines } from '../ndjson/text-lines.js'
import type { State } from '../storage/store.js'

/** A line of the history: the start or the end of a run. */
export interface RunRecord {
  /** The pipeline; see `Pipeline.family`. */
  readonly family: string
  /** The run's folder. */
  readonly run: string
  readonly at: string
  readonly event: 'started' | 'resumed' | 'succeeded' | 'failed' | 'interrupted'
  /** Facts about the end of a run: lines, bytes, error code and the like; never data. */
  readonly [field: string]: unknown
}

const NAME = 'history.ndjson'

/**
 * Adds a line. The caller must hold the lake's lock. The history is written as a whole, so that it survives a crash at
 * any moment; an append blob would take at most 50,000 appends (Azure, scalability targets).
 */
export async function addRecord(state: State, record: RunRecord): Promise<void> {
  // A line torn by a crash is dropped.
  const kept = endedLines((await state.read(NAME)) ?? '')
  await state.write(NAME, `${kept}${JSON.stringify(record)}\n`)
}

/** Returns the records of one pipeline, oldest first. Lines that are not records are skipped. */
export async function readRecords(state: State, family: string): Promise<readonly RunRecord[]> {
  const text = (await state.read(NAME)) ?? ''
  return [...textLines(text)].flatMap((line) => {
    const record = parse(line.text)
    return record?.family === family ? [record] : []
  })
}

function parse(line: string): RunRecord | undefined {
  const value = parseJson(line) as Partial<RunRecord> | null | undefined
  return typeof value?.run === 'string' && typeof value.event === 'string' ? (value as RunRecord) : undefined
}
