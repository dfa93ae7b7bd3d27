import { hasWebAssembly } from '../../anonymizer/walk/walk-module.js'
import type { CheckedConfig } from '../../config/anonymizer/configuration.js'
import type { RunProgress } from '../../pipeline/options.js'
import type { QuarantinedLine } from '../../pipeline/report/quarantine.js'
import { dataWithoutCredentials } from '../credentials.js'
import type { EventLevel } from './event-log.js'
import type { BarWords } from './progress-bar.js'
import type { Terminal } from './terminal.js'

/** An event of a run, an export or a load. */
export interface ShownEvent {
  readonly event: string
  readonly level: 'info' | 'warn'
  readonly item?: string | undefined
  readonly [field: string]: unknown
}

/** Progress of the run. */
export interface ShownProgress extends Pick<RunProgress, 'bytesRead' | 'lines' | 'quarantined'> {
  /** Undefined where it cannot be known. */
  readonly bytesTotal: number | undefined
}

/** What a run shows while it works: a bar to a person, event lines to everything else. */
export interface RunDisplay {
  /** Says what of the configuration its author should know, and which keys are made for this run. */
  configured(checked: CheckedConfig): void
  /** Says where metrics are served. */
  served(url: string): void
  readonly onProgress: (progress: ShownProgress) => void
  readonly onEvent: (event: ShownEvent) => void
  readonly onQuarantined: (line: QuarantinedLine) => void
  /** Leaves a clean last line; harmless when called again. */
  close(): Promise<void>
}

interface DisplayOptions {
  readonly isVerbose: boolean
  readonly hasBar: boolean
  /** What the bar counts; default lines, some of them quarantined. */
  readonly words?: BarWords | undefined
}

const PROGRESS_EVERY_MS = 10_000
const MAX_SHOWN_WARNINGS = 20

/** Loads only what is shown. */
export async function openRunDisplay(terminal: Terminal, options: DisplayOptions): Promise<RunDisplay> {
  return terminal.isInteractive && !options.isVerbose
    ? forPerson(terminal, options)
    : forLog(terminal, options)
}

async function forPerson(terminal: Terminal, { hasBar, words }: DisplayOptions): Promise<RunDisplay> {
  const bar = hasBar ? (await import('./progress-bar.js')).progressBar(terminal.stderr, words) : undefined
  const warnings: string[] = []
  let isClosed = false
  return {
    served: (url) => terminal.warn(`metrics: ${url}`),
    configured: (checked) => warnings.push(...configurationRemarks(checked).map(({ text }) => text)),
    onProgress: ({ bytesRead, bytesTotal, lines, quarantined }) =>
      bar?.update({ bytesRead, bytesTotal, lineCount: lines, quarantinedCount: quarantined }),
    onEvent: (shown) => {
      const { event, level, item, ...fields } = dataWithoutCredentials(shown)
      if (level === 'warn') warnings.push([event, item, JSON.stringify(fields)].join(' '))
      else if (event === 'lock.waiting')
        terminal.warn(
          `waiting for up to ${fields.maxSeconds} s: another run may be writing to this output (${fields.place})`,
        )
      else if (event === 'export.polled') terminal.warn(`server: ${fields.progress} (${fields.seconds} s)`)
    },
    onQuarantined: () => undefined,
    async close() {
      if (isClosed) return
      isClosed = true
      bar?.close()
      for (const warning of warnings.slice(0, MAX_SHOWN_WARNINGS)) terminal.warn(warning)
      const left = warnings.length - MAX_SHOWN_WARNINGS
      if (left > 0) terminal.warn(`… and ${left} more warnings; -v shows all`)
    },
  }
}

function forLog(terminal: Terminal, { isVerbose }: DisplayOptions): RunDisplay {
  // The log loads while the workers start; what happens before waits for it.
  const loaded = import('./event-log.js').then(({ eventLog }) =>
    eventLog(terminal.stderr, isVerbose ? 'debug' : 'info'),
  )
  const write = (level: EventLevel, name: string, fields: Readonly<Record<string, unknown>>): void => {
    void loaded.then((log) => log.event(level, name, fields))
  }
  let lastProgressMs = performance.now()
  let closing: Promise<void> | undefined
  return {
    served: (url) => write('info', 'metrics.served', { url }),
    configured(checked) {
      for (const { event, fields } of configurationRemarks(checked)) write('warn', event, fields)
    },
    onProgress({ bytesRead, bytesTotal, lines, quarantined }) {
      const nowMs = performance.now()
      if (nowMs - lastProgressMs < PROGRESS_EVERY_MS) return
      lastProgressMs = nowMs
      write('info', 'run.progress', { bytesRead, bytesTotal, lines, quarantined })
    },
    onEvent: ({ event, level, ...fields }) => write(level, event, fields),
    onQuarantined: (line) => write('debug', 'line.quarantined', { ...line }),
    close: () => {
      closing ??= loaded.then((log) => log.close())
      return closing
    },
  }
}

interface Remark {
  readonly event: string
  readonly fields: Readonly<Record<string, unknown>>
  readonly text: string
}

/** What the author of a configuration, or whoever starts the run, should know before it begins. */
function configurationRemarks({ notices, randomKeys }: CheckedConfig): readonly Remark[] {
  const remarks: Remark[] = notices
    .filter(({ code }) => code !== 'secret-in-file')
    .map(({ code, rule, path, message }) => ({
      event: `config.${code}`,
      fields: { rule, path, message },
      text: `${rule === undefined ? '' : `rule ${rule}: `}${path} ${message}`,
    }))
  if (randomKeys.length > 0) {
    const text = `keys made for this run and destroyed at its end: ${randomKeys.join(', ')}`
    remarks.push({ event: 'config.random-keys', fields: { keys: randomKeys }, text })
  }
  if (!hasWebAssembly)
    remarks.push({ event: 'engine.slow', fields: { message: NO_WEB_ASSEMBLY }, text: NO_WEB_ASSEMBLY })
  return remarks
}

const NO_WEB_ASSEMBLY =
  'WebAssembly is switched off (node --jitless): the output is the same, but takes more than ten times as long'
