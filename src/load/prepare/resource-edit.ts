import { BACKSLASH } from '../../json/byte-classes.js'
import { isKey, skipSpace, type ValueRange } from '../../json/scanner.js'
import { cutsOf, type MemberRange, membersOf, withoutRanges } from './member-cuts.js'

// Edits of a resource that leave all other bytes as they are. A resource is one JSON object.

const OPEN_OBJECT = 0x7b
const VERSION_KEYS = ['lastUpdated', 'versionId', '_lastUpdated', '_versionId']

/**
 * The resource without `meta.lastUpdated` and `meta.versionId`, which are the server's to give. A `meta` of which
 * nothing else is left goes, too. Returns the same buffer if there are none.
 */
export function withoutVersions(resource: Buffer): Buffer {
  if (!mayHaveVersions(resource)) return resource
  const end = resource.length
  const members: MemberRange[] = []
  const emptied = new Set<MemberRange>()
  const cuts: ValueRange[] = []
  let sawLastMeta = false
  for (const member of membersOf(resource, skipSpace(resource, 0, end), end)) {
    members.push(member)
    if (isKey(resource, member.start, member.keyEnd, 'meta') && resource[member.valueStart] === OPEN_OBJECT) {
      const inside = [...membersOf(resource, member.valueStart, member.end)]
      const versions = inside.filter((each) => isVersion(resource, each))
      if (versions.length > 0 && versions.length === inside.length) emptied.add(member)
      else cuts.push(...cutsOf(inside, (each) => versions.includes(each)))
      sawLastMeta = !mayHaveMeta(resource, member.end)
    }
    // A cut ends where the next member begins.
    if (sawLastMeta && !emptied.has(member)) break
  }
  cuts.push(...cutsOf(members, (member) => emptied.has(member)))
  return cuts.length === 0
    ? resource
    : withoutRanges(
        resource,
        cuts.sort((a, b) => a.start - b.start),
      )
}

const isVersion = (source: Buffer, { start, keyEnd }: MemberRange): boolean =>
  VERSION_KEYS.some((key) => isKey(source, start, keyEnd, key))

const ESCAPE = Buffer.from([BACKSLASH, 0x75])
const mayHaveEscapes = (bytes: Buffer, from: number): boolean => bytes.includes(ESCAPE, from)

/** Searches for bytes, which is much faster than reading. */
const mayHaveVersions = (resource: Buffer): boolean =>
  resource.includes('lastUpdated"') || resource.includes('versionId"') || mayHaveEscapes(resource, 0)

const mayHaveMeta = (resource: Buffer, from: number): boolean =>
  resource.includes('"meta"', from) || mayHaveEscapes(resource, from)

/** The resource with this id, whatever it has in its place. The id must be one that FHIR allows. */
export function withId(resource: Buffer, id: string): Buffer {
  const end = resource.length
  const open = skipSpace(resource, 0, end)
  const members = [...membersOf(resource, open, end)]
  const others = withoutRanges(
    resource,
    cutsOf(members, ({ start, keyEnd }) => isKey(resource, start, keyEnd, 'id')),
  )
  const comma = membersOf(others, open, others.length).next().done === true ? '' : ','
  return Buffer.concat([
    others.subarray(0, open + 1),
    Buffer.from(`"id":"${id}"${comma}`),
    others.subarray(open + 1),
  ])
}
