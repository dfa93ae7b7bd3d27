/** Returns a function that tells whether a text is in a list of words; the list is split on first use. */
export function inList(words: string): (text: string) => boolean {
  let list: ReadonlySet<string> | undefined
  return (text) => {
    list ??= new Set(words.split(/\s/))
    return list.has(text)
  }
}

/**
 * Returns a function that tells whether a text begins as the words of a list say: `A0:019` stands for A00, A01 and
 * A09.
 */
export function inPrefixList(words: string): (text: string) => boolean {
  let thirds: ReadonlyMap<string, string> | undefined
  return (text) => {
    thirds ??= new Map(words.split(/\s/).map((word) => [word.slice(0, 2), word.slice(3)]))
    const third = text.charAt(2)
    return third !== '' && (thirds.get(text.slice(0, 2))?.includes(third) ?? false)
  }
}
