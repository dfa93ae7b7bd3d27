import { Presets, SingleBar } from 'cli-progress'
import { printByteCount, printCount } from '../config/sizes.js'

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

/** A bar on a terminal's stderr: bytes, lines, speed, time left, quarantined. */
export function progressBar(stream: NodeJS.WritableStream): ProgressDisplay {
  const format =
    '{bar} {percentage}% | {done} of {whole} | {lines} lines | {speed}/s | {left} left | {bad} quarantined'
  const bar = new SingleBar(
    { stream, format, hideCursor: true, clearOnComplete: true, fps: 5, stopOnComplete: false, etaBuffer: 50 },
    Presets.shades_classic,
  )
  const startedMs = performance.now()
  let isStarted = false
  return {
    update({ bytesRead, bytesTotal, lineCount, quarantinedCount }) {
      const seconds = (performance.now() - startedMs) / 1000
      const bytesPerSecond = seconds > 0 ? bytesRead / seconds : 0
      const left = bytesTotal === undefined ? Number.NaN : (bytesTotal - bytesRead) / bytesPerSecond
      const payload = {
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

function printSeconds(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '?'
  const whole = Math.ceil(seconds)
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  return parts.map((part) => String(part).padStart(2, '0')).join(':')
}
