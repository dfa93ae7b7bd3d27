const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi
const ID_OR_REFERENCE = /"id":"([A-Za-z0-9.-]{1,64})"|"reference":"([A-Za-z]+\/)([A-Za-z0-9.-]{1,64})"/g
const HEX = Buffer.from('0123456789abcdef')

/** Real NDJSON, prepared so that copies with other ids can be written fast. */
export interface Original {
  /** Whole lines; every id in them has the form of a UUID. */
  readonly bytes: Buffer
  /** Positions of the hexadecimal digits of UUIDs, in groups of 32. */
  readonly digitOffsets: Uint32Array
}

/** Takes ids as UUIDs; an id of another form gets one that follows from it, in the references to it as well. */
export function prepareOriginal(ndjson: string): Original {
  const terminated = ndjson.endsWith('\n') ? ndjson : `${ndjson}\n`
  const text = terminated.replace(ID_OR_REFERENCE, (whole, id?: string, type?: string, target?: string) => {
    if (id !== undefined) return isUuid(id) || isLocal(id, terminated) ? whole : `"id":"${uuidFrom(id)}"`
    return isUuid(target as string) ? whole : `"reference":"${type}${uuidFrom(target as string)}"`
  })
  const bytes = Buffer.from(text)
  const offsets: number[] = []
  // In latin1 an index of the text is an offset of the bytes.
  for (const match of bytes.toString('latin1').matchAll(UUID))
    for (let at = 0; at < 36; at++) if (match[0].charCodeAt(at) !== 45) offsets.push(match.index + at)
  return { bytes, digitOffsets: Uint32Array.from(offsets) }
}

/**
 * The `copy`-th copy: every UUID is another one, the same for the same original, so that references still hold
 * between files. Copy 0 has the original's own.
 */
export function copyWithNewIds(original: Original, copy: number): Buffer {
  const bytes = Buffer.from(original.bytes)
  if (copy === 0) return bytes
  const mask = maskOf(copy)
  const { digitOffsets } = original
  for (let at = 0; at < digitOffsets.length; at++) {
    const offset = digitOffsets[at] as number
    bytes[offset] = HEX[digitValue(bytes[offset] as number) ^ (mask[at & 31] as number)] as number
  }
  return bytes
}

const isUuid = (id: string): boolean => id.length === 36 && id.match(UUID) !== null

/** The id of a contained resource, which `#id` in the same line refers to. */
const isLocal = (id: string, text: string): boolean => text.includes(`"#${id}"`)

/** 32 digits that differ between any two copies below 2³². */
function maskOf(copy: number): Uint8Array {
  const mask = new Uint8Array(32)
  for (let at = 0; at < 8; at++) mask[at] = (copy >>> (28 - 4 * at)) & 15
  for (let at = 8; at < 32; at++) mask[at] = (Math.imul(copy, 0x9e3779b1 + at * 0x85ebca6b) >>> 20) & 15
  return mask
}

const digitValue = (code: number): number => (code <= 57 ? code - 48 : (code | 32) - 87)

function uuidFrom(id: string): string {
  let digits = ''
  for (let round = 0; digits.length < 32; round++) {
    let hash = 0x811c9dc5 ^ round
    for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193)
    digits += (hash >>> 0).toString(16).padStart(8, '0')
  }
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
