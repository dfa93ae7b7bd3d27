import { createHash } from 'node:crypto'
import { parseJson } from '../../json/parse.js'

const DIGEST_LENGTH = 16

const digestOf = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, DIGEST_LENGTH)

/** Makes a line that begins with its own digest, so that a torn or altered one is recognized. */
export function checkedLine(value: object): string {
  const json = JSON.stringify(value)
  return `${digestOf(json)} ${json}\n`
}

/** Reads such a line; undefined if it is torn or altered. */
export function readCheckedLine(line: string): unknown {
  const json = line.slice(DIGEST_LENGTH + 1)
  if (line.slice(0, DIGEST_LENGTH) !== digestOf(json)) return undefined
  return parseJson(json) ?? undefined
}
