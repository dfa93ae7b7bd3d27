import type { Source } from '../storage/store.js'
import type { Snapshot } from './catalog.js'
import { patientKey } from './line-facts.js'
import type { ItemIndex } from './line-index.js'
import { RunReader } from './ranges.js'

interface Member {
  readonly entity?: { readonly reference?: unknown }
  readonly period?: { readonly start?: unknown; readonly end?: unknown }
  readonly inactive?: unknown
}

const PATIENT = /(?:^|\/)Patient\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[^/]+)?$|^urn:(?:uuid|oid):(.+)$/
const NESTED_GROUP = /(?:^|\/)Group\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[^/]+)?$/

export const hasGroup = ({ items }: Snapshot, id: string): boolean =>
  items.some(({ groups }) => groups.some((group) => group.id === id))

/**
 * Keys of the patients in a group: members that are active at `nowMs` and within their period, those of nested
 * groups too; members of other types are left out. Undefined where there is no such group.
 */
export async function groupMembers(
  source: Source,
  snapshot: Snapshot,
  { id, nowMs }: { readonly id: string; readonly nowMs: number },
): Promise<Set<bigint> | undefined> {
  if (!hasGroup(snapshot, id)) return undefined
  const keys = new Set<bigint>()
  const seen = new Set<string>()
  for (const open = [id]; open.length > 0; ) {
    const next = open.pop() as string
    if (seen.has(next)) continue
    seen.add(next)
    for (const group of await readGroups(source, snapshot, next))
      for (const member of group.member ?? []) {
        if (!isActive(member, nowMs)) continue
        const reference = member.entity?.reference
        if (typeof reference !== 'string') continue
        const patient = PATIENT.exec(reference)
        if (patient !== null) keys.add(patientKey(patient[1] ?? patient[2]))
        const nested = NESTED_GROUP.exec(reference)?.[1]
        if (nested !== undefined) open.push(nested)
      }
  }
  return keys
}

function isActive({ inactive, period }: Member, nowMs: number): boolean {
  if (inactive === true) return false
  const start = typeof period?.start === 'string' ? Date.parse(period.start) : Number.NaN
  const end = typeof period?.end === 'string' ? endOf(period.end) : Number.NaN
  return !(start > nowMs) && !(end <= nowMs)
}

/** When a FHIR dateTime is over: the end of its day, month or year. */
function endOf(text: string): number {
  const [, year, month, day] = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/.exec(text) ?? []
  if (year === undefined) return Date.parse(text)
  if (day !== undefined) return Date.UTC(Number(year), Number(month) - 1, Number(day) + 1)
  return month === undefined ? Date.UTC(Number(year) + 1, 0) : Date.UTC(Number(year), Number(month))
}

interface GroupResource {
  readonly member?: readonly Member[]
}

async function readGroups(source: Source, { items }: Snapshot, id: string): Promise<GroupResource[]> {
  const found: GroupResource[] = []
  for (const index of items)
    for (const group of index.groups)
      if (group.id === id) found.push(JSON.parse(await readRun(source, index, group)) as GroupResource)
  return found
}

/** The text of one line. */
async function readRun(
  source: Source,
  { item, isGzip }: ItemIndex,
  { offset, length }: { readonly offset: number; readonly length: number },
): Promise<string> {
  const runs = (async function* () {
    yield { offset, length }
  })()
  const reader = new RunReader(source, item, isGzip, runs)
  try {
    const bytes = Buffer.allocUnsafe(length)
    return bytes.toString('utf8', 0, await reader.read(bytes))
  } finally {
    await reader.close()
  }
}
