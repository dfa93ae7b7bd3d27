/**
 * The members of a JSON object as they are written (`1.50` stays so), in source order, keys unescaped. The text must
 * be a valid JSON object; a key that comes twice is there twice.
 */
export function rawMembers(text: string): [key: string, value: string][] {
  const members: [string, string][] = []
  let at = space(text, 0)
  if (text[at] !== '{') throw new Error('not an object')
  at = space(text, at + 1)
  while (text[at] !== '}') {
    const keyEnd = valueEnd(text, at)
    const start = space(text, space(text, keyEnd) + 1)
    const end = valueEnd(text, start)
    members.push([JSON.parse(text.slice(at, keyEnd)) as string, text.slice(start, end)])
    at = space(text, end)
    if (text[at] === ',') at = space(text, at + 1)
  }
  return members
}

/** The items of a JSON array as they are written. */
export function rawItems(text: string): string[] {
  const items: string[] = []
  let at = space(text, 0)
  if (text[at] !== '[') throw new Error('not an array')
  at = space(text, at + 1)
  while (text[at] !== ']') {
    const end = valueEnd(text, at)
    items.push(text.slice(at, end))
    at = space(text, end)
    if (text[at] === ',') at = space(text, at + 1)
  }
  return items
}

/** One member as it is written; undefined where it is absent. */
export const rawMember = (text: string, key: string): string | undefined =>
  rawMembers(text).find(([name]) => name === key)?.[1]

function space(text: string, at: number): number {
  while (' \t\r\n'.includes(text[at] ?? 'x')) at++
  return at
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[[{]|[\]}]|[^\s"[\]{},:]+/gsy

/** The end of the value that begins at `at`; no recursion, so that depth does not matter. */
function valueEnd(text: string, at: number): number {
  let depth = 0
  let p = at
  for (;;) {
    TOKEN.lastIndex = p
    const token = TOKEN.exec(text)
    if (token === null) {
      if (p >= text.length) throw new Error('not JSON')
      p++
      continue
    }
    p = TOKEN.lastIndex
    if (token[0] === '{' || token[0] === '[') depth++
    else if (token[0] === '}' || token[0] === ']') depth--
    if (depth === 0) return p
  }
}
