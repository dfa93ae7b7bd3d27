/**
 * Copies `source[from, to)` to `target[at]`. Below some 160 bytes a loop beats the call that copies natively. Only
 * Buffers: with a second kind of array the loop is slower for both.
 */
export function copyBytes(source: Buffer, from: number, to: number, target: Buffer, at: number): void {
  if (to - from >= 160) {
    source.copy(target, at, from, to)
    return
  }
  let p = from
  for (; p + 8 <= to; p += 8, at += 8) {
    target[at] = source[p]
    target[at + 1] = source[p + 1]
    target[at + 2] = source[p + 2]
    target[at + 3] = source[p + 3]
    target[at + 4] = source[p + 4]
    target[at + 5] = source[p + 5]
    target[at + 6] = source[p + 6]
    target[at + 7] = source[p + 7]
  }
  while (p < to) target[at++] = source[p++]
}
