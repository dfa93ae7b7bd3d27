/** Returns a function that tells whether a text is in a list of words; the list is split on first use. */
export function inList(words: string): (text: string) => boolean {
  let list: ReadonlySet<string> | undefined
  return (text) => {
    list ??= new Set(words.split(/\s/))
    return list.has(text)
  }
}
