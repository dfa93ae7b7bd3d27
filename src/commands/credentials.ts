/**
 * Text without the signature of a SAS, an account key or the password of an address: one that is given in the place of
 * a file's path is named in the messages about that file.
 */
export const withoutCredentials = (text: string): string =>
  text
    .replace(/((?:^|[?&/\s'"]|%3f|%26)sig(?:=|%3d))[^&\s'"]+/gi, '$1…')
    .replace(/((?:AccountKey|SharedAccessKey)=)[^;\s'"]+/gi, '$1…')
    .replace(/:(\/{1,2})[^/\s:]*:[^/\s]*@/g, ':$1…@')

/** The same of every text in plain data that becomes JSON. */
export function dataWithoutCredentials<T>(data: T): T
export function dataWithoutCredentials(data: unknown): unknown {
  if (typeof data === 'string') return withoutCredentials(data)
  if (Array.isArray(data)) return data.map(dataWithoutCredentials)
  if (!isPlain(data)) return data
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, dataWithoutCredentials(value)]),
  )
}

/** Whether an object is as a literal makes it; others say themselves how they become JSON. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
