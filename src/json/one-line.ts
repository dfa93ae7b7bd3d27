import { skipString } from './scanner.js'

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const TAB = 0x09
const QUOTE = 0x22

/** A resource on one line: as it is, or without its white space where it has line breaks. The text must be valid JSON. */
export function oneLine(json: Buffer): Buffer {
  if (!json.includes(LF) && !json.includes(CR)) return json
  const line = Buffer.allocUnsafe(json.length)
  let length = 0
  for (let at = 0; at < json.length; ) {
    const byte = json[at]
    if (byte === QUOTE) {
      const end = skipString(json, at, json.length)
      length += json.copy(line, length, at, end)
      at = end
      continue
    }
    if (byte !== LF && byte !== CR && byte !== SPACE && byte !== TAB) {
      line[length] = byte as number
      length += 1
    }
    at += 1
  }
  return line.subarray(0, length)
}
