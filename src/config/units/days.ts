import { sluiceError } from '../../errors.js'

/** Whether the text is a day that exists, `YYYY-MM-DD`. */
export function isDay(text: string): boolean {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 10) === text
}

/** Day of the run in UTC, `YYYY-MM-DD`: the same on every machine. */
export const today = (): string => new Date().toISOString().slice(0, 10)

/** The day as given. Throws SluiceError USAGE for one that does not exist. */
export function checkedDay(asOf: string | undefined): string | undefined {
  if (asOf === undefined || isDay(asOf)) return asOf
  throw sluiceError('USAGE', { message: 'asOf must be a valid date', help: 'write YYYY-MM-DD' })
}
