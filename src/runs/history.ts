import type { State } from '../storage/store.js'

/** A line of the history: how a run began or ended. */
export interface RunRecord {
  /** Which pipeline's: see `Pipeline.family`. */
  readonly family: string
  /** The run's folder. */
  readonly run: string
  readonly at: string
  readonly event: 'started' | 'resumed' | 'succeeded' | 'failed' | 'interrupted'
  /** Of what ended: lines, bytes, the error's code and the like; never data. */
  readonly [field: string]: unknown
}

const NAME = 'history.ndjson'

/**
 * Adds a line. The lake's lock must be held. Written whole: it outlives a crash at any moment, and an append blob
 * would take 50,000 appends at most (Azure, scalability targets).
 */
export async function addRecord(state: State, record: RunRecord): Promise<void> {
  const text = (await state.read(NAME)) ?? ''
  // A line that was torn by the end of a process or a machine gives way.
  const kept = text.slice(0, text.lastIndexOf('\n') + 1)
  await state.write(NAME, `${kept}${JSON.stringify(record)}\n`)
}

/** The lines about one pipeline, oldest first; what is no record is left out. */
export async function readRecords(state: State, family: string): Promise<readonly RunRecord[]> {
  const text = (await state.read(NAME)) ?? ''
  return text.split('\n').flatMap((line) => {
    const record = parse(line)
    return record?.family === family ? [record] : []
  })
}

function parse(line: string): RunRecord | undefined {
  try {
    const value = JSON.parse(line) as Partial<RunRecord> | null
    return typeof value?.run === 'string' && typeof value.event === 'string'
      ? (value as RunRecord)
      : undefined
  } catch {
    return undefined
  }
}
