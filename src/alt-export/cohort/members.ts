import { isRecord } from '../../json/record.js'
import { type NoPatient, parseReference } from './references.js'

/** What a member of a Group is. */
export type Member =
  | { readonly kind: 'patient'; readonly id: string }
  | { readonly kind: 'group'; readonly id: string }
  | { readonly kind: 'none'; readonly why: NoPatient | 'inactive' | 'not-in-period' }

/** The members of a Group; those that are inactive, or whose period is over or has not begun, are none. */
export function membersOf(group: Readonly<Record<string, unknown>>, base: URL, now: Date): readonly Member[] {
  return Array.isArray(group.member) ? group.member.map((member) => memberOf(member, base, now)) : []
}

function memberOf(member: unknown, base: URL, now: Date): Member {
  const { entity, inactive, period } = isRecord(member) ? member : {}
  if (inactive === true) return { kind: 'none', why: 'inactive' }
  if (isRecord(period) && !isWithin(period, now)) return { kind: 'none', why: 'not-in-period' }
  const reference = isRecord(entity) ? entity.reference : undefined
  if (typeof reference !== 'string' || reference === '') return { kind: 'none', why: 'missing' }
  if (reference.startsWith('#')) return { kind: 'none', why: 'contained' }
  const target = parseReference(reference, base)
  if (target === undefined) return { kind: 'none', why: 'elsewhere' }
  if (target.type === 'Patient') return { kind: 'patient', id: target.id }
  return target.type === 'Group' ? { kind: 'group', id: target.id } : { kind: 'none', why: 'other-type' }
}

/** A period ends with the end of the last year, month or day that it names. What is no date limits nothing. */
function isWithin({ start, end }: Readonly<Record<string, unknown>>, now: Date): boolean {
  const startMs = typeof start === 'string' ? Date.parse(start) : Number.NaN
  const endMs = typeof end === 'string' ? endOf(end) : Number.NaN
  return !(startMs > now.getTime()) && !(endMs <= now.getTime())
}

function endOf(date: string): number {
  const [, year, month, day] = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/.exec(date) ?? []
  if (year === undefined) return Date.parse(date)
  if (month === undefined) return Date.UTC(Number(year) + 1, 0)
  return day === undefined
    ? Date.UTC(Number(year), Number(month))
    : Date.UTC(Number(year), Number(month) - 1, Number(day) + 1)
}
