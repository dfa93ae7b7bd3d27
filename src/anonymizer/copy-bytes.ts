/** Makes a view over a buffer's bytes, for `copyBytes`. */
export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/**
 * Copies UTF-8 `source[from, to)` to `target[at]`, eight bytes at a time. Most ranges are short, and a native call
 * costs as much as copying some 300 bytes. The last word overlaps the one before it. A float carries the eight bytes
 * unchanged, because valid UTF-8 never forms a NaN: 0x7f or 0xff would have to follow a lead byte of 0xf0 or more.
 */
export function copyBytes(source: DataView, from: number, to: number, target: DataView, at: number): void {
  const count = to - from
  if (count >= 8) {
    const last = to - 8
    const shift = at - from
    for (let p = from; p < last; p += 8) target.setFloat64(p + shift, source.getFloat64(p, true), true)
    target.setFloat64(last + shift, source.getFloat64(last, true), true)
  } else if (count >= 4) {
    target.setInt32(at, source.getInt32(from, true), true)
    target.setInt32(at + count - 4, source.getInt32(to - 4, true), true)
  } else for (let p = from; p < to; p++) target.setUint8(at++, source.getUint8(p))
}
