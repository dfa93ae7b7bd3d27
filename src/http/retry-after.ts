/**
 * `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), or `x-ms-retry-after-ms`; undefined where neither is
 * readable. A wait is counted from `nowMs`.
 */
export function retryAfterMs(
  header: (name: string) => string | null | undefined,
  nowMs = Date.now(),
): number | undefined {
  for (const name of ['x-ms-retry-after-ms', 'retry-after-ms']) {
    const text = header(name)?.trim() ?? ''
    if (/^\d{1,10}$/.test(text)) return Number(text)
  }
  const text = header('retry-after')?.trim() ?? ''
  // By the clock of the service, where it shows it: ours, or its own, may be wrong.
  const serviceMs = Date.parse(header('date') ?? '')
  const fromMs = Number.isNaN(serviceMs) ? nowMs : serviceMs
  const number = /^(\d{1,13}(?:\.\d+)?)\s*(?:s(?:ec(?:ond)?s?)?|[,;].*)?$/i.exec(text)?.[1]
  if (number !== undefined) return secondsOf(number, fromMs)
  const dateMs = /[A-Za-z]/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - fromMs)
}

const YEAR_MS = 366 * 86_400_000
const MAX_SECONDS = 1e8

/** Some services send the time to come back, in seconds or milliseconds since 1970; what is neither is ignored. */
function secondsOf(text: string, fromMs: number): number | undefined {
  const value = Number(text)
  for (const timeMs of [value * 1000, value])
    if (Math.abs(timeMs - fromMs) < YEAR_MS) return Math.max(0, Math.ceil(timeMs - fromMs))
  return value < MAX_SECONDS ? Math.ceil(value * 1000) : undefined
}
