/**
 * A value that is present by the way the code around it works. Throws an Error that names the missing part: nobody
 * but a developer of Sluice can do anything about it.
 */
export function present<T>(value: T | undefined, part: string): T {
  if (value === undefined) throw new Error(`internal error: ${part} is missing`)
  return value
}
