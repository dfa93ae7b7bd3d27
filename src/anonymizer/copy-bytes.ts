/** A view over a buffer's bytes, for `copyBytes`. */
export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/**
 * Copies `source[from, to)` to `target[at]`, four bytes at a time: short ranges are most of all, and a native call
 * costs as much as some 300 bytes. The last word overlaps the one before it.
 */
export function copyBytes(source: DataView, from: number, to: number, target: DataView, at: number): void {
  const last = to - 4
  let p = from
  if (p > last) {
    for (; p < to; p++) target.setUint8(at++, source.getUint8(p))
    return
  }
  const shift = at - from
  for (; p < last; p += 4) target.setInt32(p + shift, source.getInt32(p, true), true)
  target.setInt32(last + shift, source.getInt32(last, true), true)
}

/** Whether `source[from, to)` stands at `other[at]`. */
export function sameBytes(source: DataView, from: number, to: number, other: DataView, at: number): boolean {
  const last = to - 4
  const shift = at - from
  let p = from
  if (p > last) {
    for (; p < to; p++) if (source.getUint8(p) !== other.getUint8(p + shift)) return false
    return true
  }
  for (; p < last; p += 4) if (source.getInt32(p, true) !== other.getInt32(p + shift, true)) return false
  return source.getInt32(last, true) === other.getInt32(last + shift, true)
}
