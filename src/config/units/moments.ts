const MOMENT = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2})(:\d{2})?Z)?$/

/** Milliseconds of `2026-11-21`, `2026-11-21T08:00Z` or `2026-11-21T08:00:00Z`, in UTC; undefined for any other text. */
export function parseMoment(text: string): number | undefined {
  const [, day, time = '00:00', seconds = ':00'] = MOMENT.exec(text) ?? []
  if (day === undefined) return undefined
  const iso = `${day}T${time}${seconds}`
  const ms = Date.parse(`${iso}Z`)
  // A day such as February 30 becomes another one.
  return Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 19) !== iso ? undefined : ms
}
