import { Presets, SingleBar } from 'cli-progress'
import { printByteCount, printCount } from '../../config/units/sizes.js'

/** How far a run is. */
export interface Progress {
  readonly bytesRead: number
  /** Undefined where it cannot be known: stdin. */
  readonly bytesTotal: number | undefined
  readonly lineCount: number
  readonly quarantinedCount: number
}

/** What a person watches while a run works. */
export interface ProgressDisplay {
  update(progress: Progress): void
  close(): void
}

/** What is counted. */
export interface BarWords {
  readonly lines: string
  readonly quarantined: string
}

const LINES: BarWords = { lines: 'lines', quarantined: 'quarantined' }

/** A bar on a terminal's stderr: bytes, lines, speed, time left, quarantined. */
export function progressBar(stream: NodeJS.WritableStream, words: BarWords = LINES): ProgressDisplay {
  const bar = new SingleBar(
    {
      stream,
      format: (_options, { progress }, payload: Figures) =>
        progressLine(columnsOf(stream), progress, payload, words),
      hideCursor: true,
      clearOnComplete: true,
      fps: 5,
      stopOnComplete: false,
      etaBuffer: 50,
    },
    Presets.shades_classic,
  )
  const startedMs = performance.now()
  let isStarted = false
  return {
    update({ bytesRead, bytesTotal, lineCount, quarantinedCount }) {
      const seconds = (performance.now() - startedMs) / 1000
      const bytesPerSecond = seconds > 0 ? bytesRead / seconds : 0
      const left = bytesTotal === undefined ? Number.NaN : (bytesTotal - bytesRead) / bytesPerSecond
      const payload: Figures = {
        done: printByteCount(bytesRead),
        whole: bytesTotal === undefined ? 'unknown' : printByteCount(bytesTotal),
        lines: printCount(lineCount),
        speed: printByteCount(bytesPerSecond),
        left: printSeconds(left),
        bad: printCount(quarantinedCount),
      }
      const total = Math.max(bytesTotal ?? bytesRead, 1)
      if (isStarted) {
        bar.setTotal(total)
        bar.update(bytesRead, payload)
      } else {
        bar.start(total, bytesRead, payload)
        isStarted = true
      }
    },
    close: () => bar.stop(),
  }
}

interface Figures {
  readonly done: string
  readonly whole: string
  readonly lines: string
  readonly speed: string
  readonly left: string
  readonly bad: string
}

const MAX_BAR = 40
const MIN_BAR = 5

/** One line that fits the columns: the bar shrinks first, then words are dropped, then figures. */
export function progressLine(
  columns: number,
  share: number,
  figures: Figures,
  words: BarWords = LINES,
): string {
  const { done, whole, lines, speed, left, bad } = figures
  const percent = `${Math.floor(share * 100)}%`
  const forms = [
    `${percent} | ${done} of ${whole} | ${lines} ${words.lines} | ${speed}/s | ${left} left | ${bad} ${words.quarantined}`,
    `${percent} | ${done}/${whole} | ${speed}/s | ${left} left | ${bad} ${words.quarantined}`,
    `${percent} ${speed}/s ${left} left ${bad} ${words.quarantined}`,
    `${percent} ${speed}/s ${left} ${bad} bad`,
  ]
  // The last column stays free: some terminals break the line there.
  const room = Math.max(columns - 1, 1)
  const form =
    forms.find((text) => text.length + MIN_BAR + 1 <= room) ?? forms.find((text) => text.length <= room)
  if (form === undefined) return (forms.at(-1) ?? '').slice(0, room)
  const barColumns = Math.min(MAX_BAR, room - form.length - 1)
  if (barColumns < MIN_BAR) return form
  const full = Math.round(barColumns * Math.min(share, 1))
  return `${'█'.repeat(full)}${'░'.repeat(barColumns - full)} ${form}`
}

function columnsOf(stream: NodeJS.WritableStream): number {
  return 'columns' in stream && typeof stream.columns === 'number' && stream.columns > 0 ? stream.columns : 80
}

function printSeconds(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '?'
  const whole = Math.ceil(seconds)
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  return parts.map((part) => String(part).padStart(2, '0')).join(':')
}
