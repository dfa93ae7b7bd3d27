import { targetOf } from '../../fhir/patient-mentions.js'
import { isRecord } from '../../json/record.js'
import { findMember, skipSpace, skipValue } from '../../json/scanner.js'
import type { Source } from '../../storage/store.js'
import type { Snapshot } from '../catalog/catalog.js'
import type { CurrentLines } from '../catalog/current-lines.js'
import type { GroupPlace, ItemIndex } from '../catalog/item-index.js'
import { RunReader } from '../catalog/item-ranges.js'
import { patientKey } from '../catalog/line-facts.js'
import { isPacked } from '../catalog/packing.js'
import { turns } from '../turns.js'
import { spanOf } from './search-date.js'

/** A state of the store and its current lines. */
export interface CurrentSnapshot {
  readonly snapshot: Snapshot
  readonly current: CurrentLines
}

export interface GroupMembers {
  readonly keys: ReadonlySet<bigint>
  /** Number of members that cannot be understood. */
  readonly badMembers: number
}

export interface FoundGroup {
  readonly index: ItemIndex
  readonly place: GroupPlace
}

/** Finds the newest version of each Group. */
export function* currentGroups({ snapshot, current }: CurrentSnapshot): Generator<FoundGroup> {
  for (const index of snapshot.items)
    for (const place of index.groups) if (current.isCurrent(index, place.line)) yield { index, place }
}

export function findGroup(state: CurrentSnapshot, id: string): FoundGroup | undefined {
  for (const group of currentGroups(state)) if (group.place.id === id) return group
  return undefined
}

/**
 * Returns the keys of the patients in a group: members that are active at `nowMs` and within their period, including
 * those of nested groups. Members of other types are ignored. Undefined if there is no such group.
 */
export async function groupMembers(
  source: Source,
  state: CurrentSnapshot,
  { id, nowMs, signal }: { readonly id: string; readonly nowMs: number; readonly signal?: AbortSignal },
): Promise<GroupMembers | undefined> {
  const groups = groupsById(state)
  if (!groups.has(id)) return undefined
  const keys = new Set<bigint>()
  const seen = new Set([id])
  const turn = turns(signal)
  let badMembers = 0
  // Groups found during the loop are visited too.
  for (const next of seen) {
    await turn()
    const group = groups.get(next)
    if (group === undefined) continue
    for (const member of membersIn(await readGroup(source, group))) {
      await turn()
      const found = readMember(member, nowMs)
      if (found === 'bad') badMembers += 1
      else if (found?.type === 'Patient') keys.add(patientKey(found.id))
      else if (found?.type === 'Group') seen.add(found.id)
    }
  }
  return { keys, badMembers }
}

function groupsById(state: CurrentSnapshot): ReadonlyMap<string, FoundGroup> {
  const byId = new Map<string, FoundGroup>()
  for (const group of currentGroups(state)) if (!byId.has(group.place.id)) byId.set(group.place.id, group)
  return byId
}

/** Yields each member as JSON text: a group may have millions. */
function* membersIn(line: Buffer): Generator<unknown> {
  const start = skipSpace(line, line[0] === 0xef ? 3 : 0, line.length)
  const member = findMember(line, start, line.length, 'member')
  if (member === undefined) return
  const { start: open, end } = member
  // Anything but a list counts as one unreadable member.
  if (line[open] !== 0x5b) return yield undefined
  let at = skipSpace(line, open + 1, end)
  while (line[at] !== 0x5d) {
    const next = skipValue(line, at, end, 0)
    yield JSON.parse(line.toString('utf8', at, next))
    at = skipSpace(line, next, end)
    if (line[at] === 0x2c) at = skipSpace(line, at + 1, end)
  }
}

/** Returns the resource that an active member names; a URN is taken for a patient. */
function readMember(
  member: unknown,
  nowMs: number,
): { readonly type: string; readonly id: string } | 'bad' | undefined {
  if (!isRecord(member) || !isRecord(member.entity)) return 'bad'
  const { entity, inactive = null, period = null } = member
  const { reference } = entity
  if (inactive !== null && typeof inactive !== 'boolean') return 'bad'
  const isWithin = period === null ? true : isRecord(period) ? isWithinPeriod(period, nowMs) : 'bad'
  if (isWithin === 'bad') return 'bad'
  if (inactive === true || !isWithin) return undefined
  const target = typeof reference === 'string' ? targetOf(reference) : undefined
  if (target === undefined || target.kind === 'hidden-patient') return 'bad'
  return target.kind === 'urn' ? { type: 'Patient', id: target.id } : target
}

/** Returns the end of a date's day, month or year (FHIR, Period). */
function isWithinPeriod(
  { start = null, end = null }: Record<string, unknown>,
  nowMs: number,
): boolean | 'bad' {
  const first = start === null ? undefined : typeof start === 'string' ? spanOf(start) : undefined
  const last = end === null ? undefined : typeof end === 'string' ? spanOf(end) : undefined
  if ((start !== null && first === undefined) || (end !== null && last === undefined)) return 'bad'
  return (first === undefined || first.from <= nowMs) && (last === undefined || last.to > nowMs)
}

/** Reads a Group's line from the store. */
export async function readGroup(
  source: Source,
  { index, place: { offset, length } }: FoundGroup,
): Promise<Buffer> {
  const runs = (async function* () {
    yield { offset, length }
  })()
  const reader = new RunReader(source, index.item, isPacked(index), runs)
  try {
    const bytes = Buffer.allocUnsafe(length)
    return bytes.subarray(0, await reader.read(bytes))
  } finally {
    await reader.close()
  }
}
