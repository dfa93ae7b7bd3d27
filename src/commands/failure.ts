import { environmentError } from '../environment-error.js'
import { CODES, isSluiceError } from '../errors.js'
import { visible } from '../visible.js'
import { dataWithoutCredentials, withoutCredentials } from './credentials.js'
import { exitCodeOf } from './exit-codes.js'

/** An error for people and for machines. Nothing in it comes from a resource. */
export function describeFailure(thrown: unknown): { readonly text: string; readonly json: object } {
  const exitCode = exitCodeOf(thrown)
  const error = isSluiceError(thrown) ? thrown : environmentError(thrown)
  if (error === undefined) {
    const where = framesOf(thrown)
    const message = `A bug in Sluice (${nameOf(thrown)}). Please report it with these places:${where}`
    return {
      text: message,
      json: {
        error: { code: 'INTERNAL', blame: CODES.INTERNAL.blame, retry: CODES.INTERNAL.retry, message },
        exitCode,
      },
    }
  }
  const { code, blame, retry } = error
  const problems = dataWithoutCredentials(error.problems)
  const at = error.at === undefined ? undefined : withoutCredentials(error.at)
  const reason = systemCode(error.cause)
  const isNew = reason !== undefined && !error.message.includes(reason)
  const fact = isNew ? `${error.fact} (${reason})` : error.fact
  const message = withoutCredentials(error.help === undefined ? fact : `${fact}; ${error.help}`)
  const isPlaced = at === undefined || names(message, at)
  // A list of problems is one to a line; elsewhere a line break can only be part of a name.
  const text = problems === undefined ? visible(message) : message
  return {
    text: isPlaced ? `${code}: ${text}` : `${code}: ${visible(at)}: ${text}`,
    json: { error: { code, blame, retry, at, message, problems }, exitCode },
  }
}

/** Whether the text names the place; a place called `file` is not named by every text that speaks of a file. */
function names(text: string, place: string): boolean {
  const literal = place.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  return /[./_]./.test(place) && new RegExp(`(?<![\\w/.-])${literal}(?![\\w/-])`).test(text)
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error)

// The message of a foreign error can quote what it could not read, as JSON.parse does: only places are shown.
function framesOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const frames = stack.split('\n').filter((line) => /^\s+at .*[:(]/.test(line) && /:\d+:\d+\)?$/.test(line))
  return frames.map((frame) => `\n${frame}`).join('')
}

/** `ENOENT` and the like. */
function systemCode(cause: unknown): string | undefined {
  const code = (cause as { code?: unknown } | undefined)?.code
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code) ? code : undefined
}
