import { createHash } from 'node:crypto'
import type { AltExportDefinition } from '../../alt-export/definition.js'
import { isSluiceError } from '../../errors.js'
import type { Arrival, Inbox } from '../../storage/inbox.js'
import { Refusal } from '../refusal.js'
import type { ServerEvent } from '../server-event.js'
import { describeUnknown } from '../unknown-error.js'
import type { AltExportJobs } from './jobs.js'

export interface TriggerOptions {
  /** Where definitions are dropped. */
  readonly inbox: Inbox
  /** Where they go once their export has started, or could not. */
  readonly processed: Inbox
  /** The text of a dropped file; undefined if it is gone. */
  readonly read: (name: string) => Promise<string | undefined>
  readonly jobs: AltExportJobs
  readonly readDefinition: (body: unknown) => AltExportDefinition
  /** Versions of files that were not valid at the last look: they may have been half-written. Kept between looks. */
  readonly doubted: Map<string, string>
  readonly onEvent: (event: ServerEvent) => void
}

const MAX_DEFINITION_BYTES = 1024 * 1024

/** Who started the export of a dropped definition. */
const TRIGGER_CLIENT = 'trigger'

/**
 * Starts an export for each definition that was dropped, in the order of their arrival, and puts the file away. Where
 * as many exports run as may, the files wait. A file that cannot be read or put away holds up no other. Throws SOURCE_*.
 */
export async function startDropped(options: TriggerOptions): Promise<void> {
  const { inbox, jobs, doubted, onEvent } = options
  const arrivals: Arrival[] = []
  for await (const arrival of inbox.list()) if (/\.json$/i.test(arrival.name)) arrivals.push(arrival)
  arrivals.sort((a, b) => a.arrivedMs - b.arrivedMs || (a.name < b.name ? -1 : 1))
  const there = new Set(arrivals.map(({ name }) => name))
  for (const name of doubted.keys()) if (!there.has(name)) doubted.delete(name)
  for (const arrival of arrivals) {
    if (jobs.isFull) return
    try {
      await startOne(options, arrival)
    } catch (error) {
      if (error instanceof Refusal) return
      const item = arrival.name
      onEvent({ event: 'alt-export.trigger-failed', level: 'warn', item, ...describeUnknown(error) })
    }
  }
}

async function startOne(options: TriggerOptions, arrival: Arrival): Promise<void> {
  const { inbox, processed, read, jobs, readDefinition, onEvent } = options
  const { name, bytes } = arrival
  if (bytes > MAX_DEFINITION_BYTES) {
    await refuse(options, arrival, { error: `the definition is larger than ${MAX_DEFINITION_BYTES} bytes` })
    return
  }
  const text = await read(name)
  if (text === undefined) return
  try {
    const input: unknown = JSON.parse(text)
    const definition = readDefinition(input)
    const jobName = definition.kind === 'type' ? 'ExportAllOrchestrator' : 'ExportOrchestrator'
    const id = idOf(inbox, arrival)
    // A server that was killed after the start, before the move, has the job already.
    if (jobs.get(id) === undefined)
      await jobs.submit({ id, name: jobName, client: TRIGGER_CLIENT, input, definition })
    await inbox.move(arrival, processed, name)
    onEvent({ event: 'alt-export.triggered', level: 'info', item: name, job: id })
  } catch (error) {
    const why = faultOf(error)
    if (why === undefined) throw error
    await refuse(options, arrival, why)
  }
}

/** Puts a file away with what is wrong with it, once it has not changed between two looks. */
async function refuse(
  { inbox, processed, doubted, onEvent }: TriggerOptions,
  arrival: Arrival,
  why: object,
): Promise<void> {
  const { name, version } = arrival
  if (doubted.get(name) !== version) {
    doubted.set(name, version)
    return
  }
  const moved = await inbox.move(arrival, processed, `${name}.err`)
  await processed.put(`${moved}.response`, `${JSON.stringify(why, null, 2)}\n`)
  doubted.delete(name)
  onEvent({ event: 'alt-export.trigger-refused', level: 'warn', item: name })
}

/** The same file gives the same job. */
const idOf = ({ place }: Inbox, { name, version }: Arrival): string =>
  createHash('sha256').update(`${place}\0${name}\0${version}`).digest('hex').slice(0, 32)

/** What is wrong with the definition; undefined for another failure. */
function faultOf(error: unknown): object | undefined {
  if (error instanceof SyntaxError) return { error: 'the definition is not valid JSON' }
  if (isSluiceError(error) && error.code === 'CONFIG_INVALID')
    return { error: error.message, problems: error.problems ?? [] }
  return undefined
}
