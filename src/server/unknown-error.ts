/** Makes a foreign error safe to log: its name or code and its stack. Its text may quote data and is left out. */
export function describeUnknown(error: unknown): {
  readonly error: string
  readonly places: readonly string[]
} {
  const code = (error as { code?: unknown } | null)?.code
  const name = error instanceof Error ? error.name : typeof error
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  return {
    error: typeof code === 'string' ? code : name,
    places: stack
      .split('\n')
      .filter((line) => /^\s+at .*:\d+:\d+\)?$/.test(line))
      .map((line) => line.trim()),
  }
}
