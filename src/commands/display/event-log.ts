import type { Writable } from 'node:stream'
import { pino } from 'pino'
import { visible } from '../../visible.js'
import { dataWithoutCredentials } from '../credentials.js'

export type EventLevel = 'debug' | 'info' | 'warn'

/** Events with fields, one JSON line each. Fields hold names, counts and codes, never values from resources. */
export interface EventLog {
  event(level: EventLevel, name: string, fields: Readonly<Record<string, unknown>>): void
  /** Waits until the reader has what is left, but not for long. */
  close(): Promise<void>
}

const MAX_WAITING_BYTES = 1024 * 1024
const CLOSE_DEADLINE_MS = 500

/**
 * Event lines on a stream that takes them without blocking, as stderr does. A reader that is slow or gone costs
 * lines, which are counted in `log.dropped`, never the run.
 */
export function eventLog(stream: Writable, level: EventLevel): EventLog {
  let droppedCount = 0
  const write = (line: string): void => {
    if (stream.destroyed || stream.writableLength > MAX_WAITING_BYTES) droppedCount++
    // Its terminal may be a person's: what is escaped stays the same JSON.
    else stream.write(`${visible(line.trimEnd())}\n`)
  }
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  )
  return {
    event: (eventLevel, name, fields) => log[eventLevel](dataWithoutCredentials({ event: name, ...fields })),
    close: async () => {
      if (!stream.destroyed && stream.writableLength > 0) await written(stream)
      if (droppedCount > 0) log.warn({ event: 'log.dropped', lineCount: droppedCount })
    },
  }
}

/** Resolves when the reader has everything, or after a moment. */
const written = (stream: Writable): Promise<void> =>
  new Promise((resolve) => {
    const deadline = setTimeout(resolve, CLOSE_DEADLINE_MS)
    stream.write('', () => {
      clearTimeout(deadline)
      resolve()
    })
  })
