import { peakMebibytes } from '../test/support/peak-memory.js'

/** What a measured process says of itself, as its last line. */
export interface ProcessCost {
  readonly peakMebibytes: number
  /** User and system time of all threads, start included. */
  readonly processorSeconds: number
}

export function costOfThisProcess(): ProcessCost {
  const { userCPUTime, systemCPUTime } = process.resourceUsage()
  return { peakMebibytes: peakMebibytes(), processorSeconds: (userCPUTime + systemCPUTime) / 1e6 }
}
