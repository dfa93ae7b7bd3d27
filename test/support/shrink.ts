import { elementAt } from './elements.js'
import { rawItems, rawMembers } from './raw-json.js'

/** A smaller line that still fails, found by leaving out members, items and, where it is no JSON, bytes. */
export function shrunkLine(line: Buffer, fails: (line: Buffer) => boolean, deadlineMs = 3000): Buffer {
  const end = Date.now() + deadlineMs
  let smallest = line
  const accepts = (candidate: string): boolean => {
    if (Date.now() > end) return false
    const bytes = Buffer.from(candidate)
    if (bytes.length >= smallest.length || !fails(bytes)) return false
    smallest = bytes
    return true
  }
  if (isJson(line)) shrinkJson(line.toString(), (text) => text, accepts)
  return isJson(smallest) ? smallest : withoutBytes(smallest, fails, end)
}

const isJson = (line: Buffer): boolean => {
  try {
    JSON.parse(line.toString())
    return Buffer.from(line.toString()).equals(line)
  } catch {
    return false
  }
}

/** What stands before a value (`"key":` or nothing), and the value. */
type Part = readonly [before: string, value: string]
type Around = (text: string) => string

/** Tries smaller texts for a value in its place; returns the text that is there in the end. */
function shrinkJson(text: string, around: Around, accepts: (whole: string) => boolean): string {
  const isObject = text.startsWith('{')
  if (!isObject && !text.startsWith('[')) {
    for (const simple of ['""', '0', 'null'])
      if (text.length > simple.length && accepts(around(simple))) return simple
    return text
  }
  let parts: readonly Part[] = isObject
    ? rawMembers(text).map(([key, value]) => [`${JSON.stringify(key)}:`, value] as const)
    : rawItems(text).map((value) => ['', value] as const)
  const write = (all: readonly Part[]): string => {
    const inside = all.map(([key, value]) => key + value).join(',')
    return isObject ? `{${inside}}` : `[${inside}]`
  }
  for (let k = parts.length - 1; k >= 0; k--) {
    const without = parts.filter((_, other) => other !== k)
    if (accepts(around(write(without)))) parts = without
  }
  for (let k = 0; k < parts.length; k++) {
    const replaced = (value: string): readonly Part[] =>
      parts.map((part, other) => (other === k ? [part[0], value] : part))
    const smaller = shrinkJson(elementAt(parts, k)[1], (value) => around(write(replaced(value))), accepts)
    parts = replaced(smaller)
  }
  return write(parts)
}

function withoutBytes(line: Buffer, fails: (line: Buffer) => boolean, end: number): Buffer {
  let smallest = line
  for (let step = Math.ceil(line.length / 2); step >= 1; step = step === 1 ? 0 : Math.ceil(step / 2))
    for (let at = 0; at < smallest.length && Date.now() < end; ) {
      const candidate = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + step)])
      if (fails(candidate)) smallest = candidate
      else at += step
    }
  return smallest
}

/** The fewest of the items that still fail, one left out at a time. */
export function shrunkList<T>(items: readonly T[], fails: (items: readonly T[]) => boolean): readonly T[] {
  let smallest = items
  for (let k = items.length - 1; k >= 0; k--) {
    const without = smallest.filter((_, other) => other !== k)
    if (fails(without)) smallest = without
  }
  return smallest
}
