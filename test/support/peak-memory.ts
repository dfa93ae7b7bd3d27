import { readFileSync } from 'node:fs'

/** Peak of this process in MiB. `maxRSS` would do but begins, on Linux, with what the process that started it had. */
export function peakMebibytes(): number {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    if (kibibytes !== undefined) return Math.round(Number(kibibytes) / 1024)
  } catch {
    // Not Linux.
  }
  return Math.round(process.resourceUsage().maxRSS / 1024)
}
