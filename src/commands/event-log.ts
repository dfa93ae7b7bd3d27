import { destination, pino } from 'pino'

export type EventLevel = 'debug' | 'info' | 'warn'

/** Events with fields, one JSON line each. Fields hold names, counts and codes, never values from resources. */
export interface EventLog {
  event(level: EventLevel, name: string, fields: Readonly<Record<string, unknown>>): void
  /** Writes what is left, as far as the reader takes it within a moment. */
  close(): Promise<void>
}

const MAX_WAITING_BYTES = 1024 * 1024
const CLOSE_DEADLINE_MS = 500

/** Event lines on a file descriptor. A reader that is slow or gone costs lines (counted), never the run. */
export function eventLog(fd: number, level: EventLevel): EventLog {
  const sink = destination({ fd, sync: false, maxLength: MAX_WAITING_BYTES })
  let droppedCount = 0
  sink.on('drop', () => {
    droppedCount++
  })
  sink.on('error', () => undefined)
  const log = pino({ level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime }, sink)
  return {
    event: (eventLevel, name, fields) => log[eventLevel]({ event: name, ...fields }),
    close: async () => {
      if (droppedCount > 0) log.warn({ event: 'log.dropped', lineCount: droppedCount })
      await new Promise<void>((resolve) => {
        setTimeout(resolve, CLOSE_DEADLINE_MS).unref()
        sink.flush(() => resolve())
      })
    },
  }
}
