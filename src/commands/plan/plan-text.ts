import { printByteCount, printCount, printCounted } from '../../config/units/sizes.js'
import type { WholeItem } from '../../pipeline/tasks/join.js'
import type { PlanHeader } from '../../pipeline/tasks/plan-file.js'

// Processor seconds for a gigabyte of input with the rules of the Microsoft sample, measured on one machine
// (bench/README.md: end to end; blob to blob).
const SECONDS_PER_GB = { folders: 3.5, containers: 7.3 } as const
/** Ingress of a storage account by default: 25 Gbit/s. */
const ACCOUNT_BYTES_PER_SECOND = 25e9 / 8

export interface PlanFacts {
  readonly header: PlanHeader
  readonly isNew: boolean
  /** Large items that cannot be divided, the largest first. */
  readonly whole: readonly WholeItem[]
  readonly isRemote: boolean
}

interface Estimate {
  readonly vcpuHours: number
  /** Hours that the largest item takes, which only one task can read. */
  readonly longestItemHours: number
  /** Processors beyond which the account, the largest item or the number of units is the limit. */
  readonly usefulVcpus: number
}

function estimate({ header: { counts }, whole, isRemote }: PlanFacts): Estimate {
  const secondsPerGb = isRemote ? SECONDS_PER_GB.containers : SECONDS_PER_GB.folders
  const hours = (bytes: number): number => (bytes / 1e9) * (secondsPerGb / 3600)
  const vcpuHours = hours(counts.bytes)
  const longestItemHours = hours(whole[0]?.bytes ?? 0)
  const ofAccount = isRemote ? (ACCOUNT_BYTES_PER_SECOND / 1e9) * secondsPerGb : Number.POSITIVE_INFINITY
  const ofLongest = longestItemHours > 0 ? vcpuHours / longestItemHours : Number.POSITIVE_INFINITY
  const ofUnits = counts.units
  return {
    vcpuHours,
    longestItemHours,
    usefulVcpus: Math.max(1, Math.floor(Math.min(ofAccount, ofLongest, ofUnits))),
  }
}

/** A plan, for people. */
export function* planText(facts: PlanFacts): Iterable<string> {
  const { header, isNew, whole } = facts
  const { counts, ended } = header
  if (ended !== undefined) {
    yield `the run ended at ${ended.at}: nothing is left to do`
    return
  }
  yield `${isNew ? 'planned' : 'the plan exists'}: ${printCounted(counts.units, 'unit')}, ${printByteCount(counts.bytes)} in ${printCounted(counts.items, 'item')}`
  if (counts.finishedBefore > 0) yield `finished before: ${printCounted(counts.finishedBefore, 'item')}`
  if (counts.skipped > 0) yield `skipped: ${printCounted(counts.skipped, 'item')}`
  for (const { item, bytes } of whole.slice(0, 5))
    yield `${item} (${printByteCount(bytes)}) cannot be divided: about ${timeText(hoursAlone(bytes, facts))} on one task`
  if (whole.length > 5) yield `… and ${printCount(whole.length - 5)} more items that cannot be divided`
  const { vcpuHours, usefulVcpus } = estimate(facts)
  yield `estimate: about ${timeText(vcpuHours)} of one processor; up to ${printCounted(usefulVcpus, 'processor helps', 'processors help')}`
}

/** A task reads a compressed item with one thread that unpacks, and anonymizes with the others. */
const hoursAlone = (bytes: number, { isRemote }: PlanFacts): number =>
  ((bytes / 1e9) * (isRemote ? SECONDS_PER_GB.containers : SECONDS_PER_GB.folders)) / 3600

export const planJson = (facts: PlanFacts): object => {
  const { header, isNew, whole } = facts
  const { id, runIds, startedAt, counts, shared, ended } = header
  return {
    id,
    runId: runIds.at(-1),
    isNew,
    startedAt,
    ...(ended === undefined ? {} : { ended }),
    ...counts,
    rangeBytes: shared.rangeBytes,
    cannotBeDivided: whole,
    estimate: estimate(facts),
  }
}

function timeText(hours: number): string {
  const seconds = hours * 3600
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`
  return `${hours < 10 ? hours.toFixed(1) : printCount(Math.round(hours))} h`
}
