// JSON whose numbers keep their digits: 1.50 stays 1.50, as FHIR requires of a server. A number that JavaScript would
// write otherwise is kept as a string that begins with a mark.

const MARKED = /"\\u0000([^"]*)"/g
/** Whether a text may hold such a number; a text in quotes may look like one, which costs time only. */
const MAY_CHANGE = /[:,[]\s*-?\d+(?:\.\d*0|(?:\.\d+)?[eE]|(?:\.\d)?\d{14})/
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

/** Throws SyntaxError. */
export function parseExact(text: string): unknown {
  if (!MAY_CHANGE.test(text)) return JSON.parse(text)
  JSON.parse(text)
  return JSON.parse(
    text.replace(TOKEN, (token) =>
      token.startsWith('"') || String(Number(token)) === token ? token : `"\\u0000${token}"`,
    ),
  )
}

export const exactText = (value: unknown): string => JSON.stringify(value).replace(MARKED, '$1')

/** As `JSON.parse` gives it. */
export const plain = <T>(value: T): T => JSON.parse(exactText(value)) as T
