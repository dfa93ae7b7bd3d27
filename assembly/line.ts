import { hostReplacement, hostReplacementLength } from './host'

/**
 * The line being walked and its output.
 *
 * INVARIANT pending: `[pending, p)` of the source is read and kept but not yet written.
 * INVARIANT room: there is always room in the output for the rest of the source and for SLACK more. So copies need no
 * check; what makes the output longer than the source calls `reserve`.
 */
export let lineStart: usize = 0
/** End of all lines of the call. */
export let sourceEnd: usize = 0
export let pending: usize = 0
/** Address of the next byte of output. */
export let output: usize = 0
let outputEnd: usize = 0

/** Whether the last value left nothing. */
export let gone: bool = false
/** Bits of the records that methods left in the current resource. */
export let records: u32 = 0

export const SLACK: usize = 8192

/** Begins the line at `start`, whose first character is at `content`. */
export function setLine(start: usize, content: usize): void {
  lineStart = start
  pending = content
  records = 0
}

export function setWindows(end: usize, out: usize): void {
  sourceEnd = end
  output = out
  outputEnd = (<usize>memory.size()) << 16
}

@inline
export function setGone(value: bool): void {
  gone = value
}

@inline
export function setPending(at: usize): void {
  pending = at
}

@inline
export function setRecords(bits: u32): void {
  records = bits
}

@inline
export function record(bit: u32): void {
  records |= bit
}

/** Takes the output back to an earlier state. */
@inline
export function rewind(toOutput: usize, toPending: usize): void {
  output = toOutput
  pending = toPending
}

@inline
export function advanceOutput(bytes: usize): void {
  output += bytes
}

/** Writes the pending bytes before `to`. */
@inline
export function flush(to: usize): void {
  if (to > pending) copy(pending, to)
  pending = to
}

/** Copies in steps of 16 bytes that may write past the end, because a call costs as much as copying 256 bytes. */
@inline
function copy(from: usize, to: usize): void {
  let left = <i32>(to - from)
  let at = output
  output += left
  if (left > 256) {
    memory.copy(at, from, left)
    return
  }
  while (left > 0) {
    v128.store(at, v128.load(from))
    from += 16
    at += 16
    left -= 16
  }
}

/** Makes room for `bytes` more than the source holds. Returns false if memory cannot grow. */
@inline
export function reserve(bytes: usize): bool {
  return output + bytes + (sourceEnd - pending) + SLACK <= outputEnd || grow(bytes)
}

function grow(bytes: usize): bool {
  const missing = output + bytes + (sourceEnd - pending) + SLACK - outputEnd
  const least = outputEnd >> 3
  const pages = <i32>(((missing > least ? missing : least) + 0xffff) >> 16)
  if (memory.grow(pages) < 0) return false
  outputEnd = (<usize>memory.size()) << 16
  return true
}

/** Writes bytes from elsewhere in memory; the caller has reserved room. */
export function writeBytes(from: usize, length: usize): void {
  memory.copy(output, from, length)
  output += length
}

/** Writes the replacement of the last method that the host ran. */
export function writeReplacement(): bool {
  const length = hostReplacementLength()
  if (!reserve(length)) return false
  hostReplacement(output)
  output += length
  return true
}

/** Returns the start of the line after the one in which `p` lies. */
export function lineAfter(p: usize): usize {
  const newline = i8x16.splat(0x0a)
  while (p < sourceEnd && !hasNewline(p)) p += 64
  for (; p < sourceEnd; p += 16) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(p), newline))
    if (mask != 0) {
      p += ctz(mask) + 1
      return p < sourceEnd ? p : sourceEnd
    }
  }
  return sourceEnd
}

/** Whether one of the 64 bytes at `p` is an LF. */
// @ts-ignore: decorator
@inline
function hasNewline(p: usize): bool {
  const newline = i8x16.splat(0x0a)
  const first = v128.or(i8x16.eq(v128.load(p), newline), i8x16.eq(v128.load(p, 16), newline))
  const second = v128.or(i8x16.eq(v128.load(p, 32), newline), i8x16.eq(v128.load(p, 48), newline))
  return v128.any_true(v128.or(first, second))
}
