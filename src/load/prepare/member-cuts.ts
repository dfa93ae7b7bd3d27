import { Members } from '../../json/members.js'
import type { ValueRange } from '../../json/scanner.js'

/** One member of an object: from its key's opening quote to the end of its value. */
export interface MemberRange extends ValueRange {
  readonly keyEnd: number
  readonly valueStart: number
}

/** Yields the members of the object at `at`, in order. Throws JsonError. */
export function* membersOf(source: Buffer, at: number, end: number): Generator<MemberRange> {
  const members = new Members(source, at, end)
  while (members.advance()) {
    const { keyStart: start, keyEnd, valueStart } = members
    yield { start, keyEnd, valueStart, end: members.pass() }
  }
}

/**
 * What to cut out of an object to remove some of its members, in order, so that the rest stays as it is written. If
 * none stays, only the braces and their white space do.
 */
export function cutsOf(
  members: readonly MemberRange[],
  isRemoved: (member: MemberRange) => boolean,
): readonly ValueRange[] {
  const cuts: ValueRange[] = []
  let keptEnd: number | undefined
  let removedFrom: number | undefined
  let removedTo = 0
  for (const member of members) {
    if (isRemoved(member)) {
      removedFrom ??= member.start
      removedTo = member.end
      continue
    }
    if (removedFrom !== undefined) cuts.push({ start: removedFrom, end: member.start })
    removedFrom = undefined
    keptEnd = member.end
  }
  if (removedFrom !== undefined) cuts.push({ start: keptEnd ?? removedFrom, end: removedTo })
  return cuts
}

/** A copy of the bytes without some ranges, which are in order. */
export function withoutRanges(source: Buffer, cuts: readonly ValueRange[]): Buffer {
  const kept: Buffer[] = []
  let from = 0
  for (const { start, end } of cuts) {
    kept.push(source.subarray(from, start))
    from = end
  }
  return Buffer.concat([...kept, source.subarray(from)])
}
