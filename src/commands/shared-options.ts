import { isDay } from '../config/units/days.js'
import { parseByteCount, parseCountOrShare } from '../config/units/sizes.js'
import { sluiceError } from '../errors.js'
import { FHIR_VERSIONS } from '../fhir/version.js'

/** One option of a verb: its parser, default, help and row in the README come from here. */
export interface Option<T> {
  /** As commander takes it: `-i, --input <path>`. */
  readonly flags: string
  /** Other spellings, accepted and not shown in the short help: `--inputFolder <path>`. */
  readonly aliases?: readonly string[]
  readonly description: string
  /**
   * Text → value; throws Error whose message completes `--flag …`. Absent for flags without value. `before` is what
   * the option had when it was given already.
   */
  readonly read?: (text: string, before?: unknown) => T
  readonly fallback: T
  /** The value of a flag with an optional value (`--gzip [level]`) that is given without one. */
  readonly bare?: T | undefined
  /** What the help says is the default, where the value does not say it. */
  readonly fallbackText?: string
}

export type Options = Readonly<Record<string, Option<unknown>>>
export type Values<O extends Options> = {
  readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never
}

interface Extra {
  readonly aliases?: readonly string[]
  readonly fallbackText?: string
}

/** An option without value: off unless given. */
export const flag = (flags: string, description: string, extra: Extra = {}): Option<boolean> => ({
  flags,
  description,
  fallback: false,
  ...extra,
})

/** An option with a value that may be absent. */
export const maybe = <T>(
  flags: string,
  description: string,
  read: (text: string) => T,
  extra: Extra & { readonly bare?: T } = {},
): Option<T | undefined> => ({ flags, description, read, fallback: undefined, ...extra })

/** An option that may be given several times. */
export const many = <T>(
  flags: string,
  description: string,
  read: (text: string) => T,
  extra: Extra = {},
): Option<readonly T[]> => ({
  flags,
  description: `${description}; may be given several times`,
  read: (text, before) => [...((before ?? []) as readonly T[]), read(text)],
  fallback: [],
  fallbackText: '',
  ...extra,
})

/** An option with a value and a default. */
export const withDefault = <T>(
  flags: string,
  description: string,
  read: (text: string) => T,
  fallback: T,
  extra: Extra = {},
): Option<T> => ({ flags, description, read, fallback, ...extra })

/** The value of an option that must be given. Throws SluiceError USAGE. */
export function required<T>(value: T | undefined, option: Option<unknown>): T {
  if (value !== undefined) return value
  throw usage(`${longFlag(option)} is missing`)
}

export const usage = (message: string) => sluiceError('USAGE', { message })

/** `--memory-budget` of `--memory-budget <size>`. */
export const longFlag = ({ flags }: Option<unknown>): string => /--[\w-]+/.exec(flags)?.[0] ?? flags

// What is read, as the messages of `usage` need it: the text itself may be a secret and is not repeated.

export const asText = (text: string): string => {
  if (text === '') throw new Error('must not be empty')
  return text
}

export const asChoice =
  <const C extends string>(...choices: readonly C[]) =>
  (text: string): C => {
    const choice = choices.find((candidate) => candidate.toLowerCase() === text.toLowerCase())
    if (choice === undefined) throw new Error(`must be one of ${choices.join(', ')}`)
    return choice
  }

export const asCount =
  (min: number, max: number) =>
  (text: string): number => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (!(number >= min && number <= max)) throw new Error(`must be a whole number between ${min} and ${max}`)
    return number
  }

export const asByteCount =
  (min: string) =>
  (text: string): number => {
    const bytes = parseByteCount(text)
    if (bytes === undefined || bytes < (parseByteCount(min) ?? 0))
      throw new Error(`must be a size of at least ${min}, such as 512MiB or 64MB`)
    return bytes
  }

export const asCountOrShare = (text: string): { readonly count: number } | { readonly percent: number } => {
  const limit = parseCountOrShare(text)
  if (limit === undefined) throw new Error('must be a number of lines, or a share such as 0.5%')
  return limit
}

export const asDay = (text: string): string => {
  if (!isDay(text)) throw new Error('must be a valid date, YYYY-MM-DD')
  return text
}

/** The FHIR version of the verbs that take a configuration. */
export const FHIR_VERSION_OPTION = maybe(
  '--fhir-version <version>',
  'FHIR version if the configuration does not name one: STU3, R4, R4B or R5',
  asChoice(...FHIR_VERSIONS),
  { fallbackText: 'R4' },
)
