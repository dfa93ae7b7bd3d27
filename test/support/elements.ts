/** The element of a list that a test relies on. Where it is missing, the test fails here, not at a later `undefined`. */
export function elementAt<T>(list: ArrayLike<T> | undefined, index: number): T {
  const element = list?.[index]
  if (element === undefined) throw new Error(`no element ${index} in ${list?.length ?? 'a missing list'}`)
  return element
}

/** The first element of a list that a test relies on. */
export const firstOf = <T>(list: ArrayLike<T> | undefined): T => elementAt(list, 0)

/** The entry of a table that a test relies on. */
export function entryOf<T>(table: Readonly<Record<string, T>>, key: string): T {
  const entry = table[key]
  if (entry === undefined) throw new Error(`no entry ${key} in ${Object.keys(table).join(', ')}`)
  return entry
}
