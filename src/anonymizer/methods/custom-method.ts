import type { RecordName } from './leaf.js'

/** A value as a custom method sees it; `json` is the parsed JSON value (law 12.1). */
export interface CustomValue {
  readonly type: string
  readonly name: string
  readonly text: string
  readonly json: string | number | boolean
}

export interface CustomSettings {
  /** The configuration's `parameters.customSettings`. */
  readonly customSettings: unknown
  /** The rule as written in the configuration. */
  readonly rule: Readonly<Record<string, unknown>>
}

/**
 * The result of a custom method. `json` replaces the value: null removes it, undefined keeps it. `label` names the
 * record; without it there is none.
 */
export interface CustomResult {
  readonly json: unknown
  readonly label?: RecordName
}

/**
 * A module's default export. It is called for every value that the rule reaches and must not keep state between
 * calls.
 */
export type CustomMethod = (value: CustomValue, settings: CustomSettings) => CustomResult
