import { SUPPORTING_TYPES } from '../../fhir/patient-compartment.js'
import type { ItemIndex } from '../catalog/item-index.js'
import { patientKey } from '../catalog/line-facts.js'
import { type LineRecord, linesOf } from '../catalog/line-records.js'
import { notFound } from '../refusal.js'
import { turns } from '../turns.js'
import type { Criteria } from './criteria.js'
import { groupMembers } from './group.js'
import type { SelectOptions } from './selection.js'

/** `withheld`: the line is about the requested patients but also names others. */
export type Verdict = 'yes' | 'no' | 'withheld'

/** Decides from the index whether a line is exported. */
export interface LineTest {
  /** Judges the line by the patients it is about. */
  of(index: ItemIndex): (record: LineRecord, line: number) => Verdict
  isInTime(record: LineRecord): boolean
  readonly badMembers: number
}

type TestOptions = Pick<
  SelectOptions,
  'source' | 'snapshot' | 'current' | 'indexFolder' | 'criteria' | 'nowMs' | 'signal'
>

/** Throws Refusal for an unknown group. */
export async function lineTests(options: TestOptions): Promise<LineTest> {
  const { criteria } = options
  const { wanted, badMembers } = await patientsWanted(options)
  const isOthers = wanted === undefined ? () => false : await othersTest(options, wanted)
  const byPatients = patientTest(criteria, { wanted, isOthers })
  const isSupported = await supportTest(options, byPatients)
  return {
    badMembers,
    isInTime: timeTest(criteria),
    of(index) {
      const { level } = criteria
      const supporting = index.types.map(({ name }) => SUPPORTING_TYPES.has(name))
      const groupType = index.types.findIndex(({ name }) => name === 'Group')
      const groups = new Set(
        index.groups.filter(({ id }) => level.kind === 'group' && id === level.id).map(({ line }) => line),
      )
      return (record, line) => {
        if (level.kind === 'system') return 'yes'
        if (level.kind === 'group' && record.type === groupType) return groups.has(line) ? 'yes' : 'no'
        if (!supporting[record.type]) return byPatients(record)
        if (!isSupported(record)) return 'no'
        return isOthers(record) ? 'withheld' : 'yes'
      }
    },
  }
}

/** Keys of the requested patients; undefined for all. */
async function patientsWanted({
  source,
  snapshot,
  current,
  criteria: { level, patients },
  nowMs,
  signal,
}: TestOptions): Promise<{ readonly wanted: ReadonlySet<bigint> | undefined; readonly badMembers: number }> {
  const listed = patients === undefined ? undefined : new Set(patients.map(patientKey))
  if (level.kind !== 'group') return { wanted: listed, badMembers: 0 }
  const members = await groupMembers(source, { snapshot, current }, { id: level.id, nowMs, signal })
  if (members === undefined) throw notFound('The Group was not found.')
  const { keys, badMembers } = members
  return {
    wanted: listed === undefined ? keys : new Set([...listed].filter((key) => keys.has(key))),
    badMembers,
  }
}

/** A resource without a last-updated time is always exported, because it may have changed. */
const timeTest =
  ({ sinceMs, untilMs }: Criteria) =>
  ({ lastUpdatedMs }: LineRecord): boolean =>
    !(sinceMs !== undefined && lastUpdatedMs < sinceMs) &&
    !(untilMs !== undefined && lastUpdatedMs >= untilMs)

/** Whether a line names any patient that was not requested, anywhere in the resource. */
async function othersTest(
  options: TestOptions,
  wanted: ReadonlySet<bigint>,
): Promise<(record: LineRecord) => boolean> {
  const known = await knownPatients(options)
  return ({ hidesPatient, keys }) =>
    hidesPatient ||
    keys.some(({ kind, key }) => {
      if (kind === 'patient' || kind === 'mention') return !wanted.has(key)
      return (kind === 'maybe-patient' || kind === 'maybe-mention') && known.has(key) && !wanted.has(key)
    })
}

/** Reads the patients that a URN could name; skipped if no line has a URN. */
async function knownPatients({ snapshot, indexFolder, signal }: TestOptions): Promise<ReadonlySet<bigint>> {
  const known = new Set<bigint>()
  if (!snapshot.items.some(({ hasUrns }) => hasUrns)) return known
  const turn = turns(signal)
  for (const index of snapshot.items) {
    const patientType = index.types.findIndex(({ name }) => name === 'Patient')
    if (patientType < 0) continue
    for await (const lines of linesOf(indexFolder, index)) {
      for (const { type, keys } of lines)
        if (type === patientType) for (const { kind, key } of keys) if (kind === 'self') known.add(key)
      await turn()
    }
  }
  return known
}

function patientTest(
  { level }: Criteria,
  {
    wanted,
    isOthers,
  }: { readonly wanted: ReadonlySet<bigint> | undefined; readonly isOthers: (record: LineRecord) => boolean },
): (record: LineRecord) => Verdict {
  if (level.kind === 'system') return () => 'yes'
  return (record) => {
    const isOfThem = record.keys.some(
      ({ kind, key }) =>
        (kind === 'patient' || kind === 'maybe-patient') && (wanted === undefined || wanted.has(key)),
    )
    if (!isOfThem) return 'no'
    return isOthers(record) ? 'withheld' : 'yes'
  }
}

/** Whether resources of the patients refer to this resource of a supporting type, even if they are not exported. */
async function supportTest(
  { snapshot, current, indexFolder, criteria: { level, types = [] }, signal }: TestOptions,
  byPatients: (record: LineRecord) => Verdict,
): Promise<(record: LineRecord) => boolean> {
  if (level.kind === 'system' || !types.some((type) => SUPPORTING_TYPES.has(type))) return () => false
  const named = new Set<bigint>()
  const turn = turns(signal)
  for (const index of snapshot.items) {
    const isNaming = index.types.map(({ name }) => name !== 'Group' && !SUPPORTING_TYPES.has(name))
    let line = -1
    for await (const lines of linesOf(indexFolder, index)) {
      for (const record of lines) {
        line += 1
        if (!isNaming[record.type] || record.keys.length === 0 || !current.isCurrent(index, line)) continue
        if (byPatients(record) !== 'yes') continue
        for (const { kind, key } of record.keys)
          if (kind === 'support' || kind.startsWith('maybe')) named.add(key)
      }
      await turn()
    }
  }
  return ({ own, keys }) =>
    (own !== 0n && named.has(own)) || keys.some(({ kind, key }) => kind === 'self' && named.has(key))
}
