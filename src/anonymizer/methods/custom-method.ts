import type { RecordName } from './leaf.js'

/** What a custom method sees of a value: `json` is it as JSON has it (law 12.1). */
export interface CustomValue {
  readonly type: string
  readonly name: string
  readonly text: string
  readonly json: string | number | boolean
}

export interface CustomSettings {
  /** `parameters.customSettings` of the configuration. */
  readonly customSettings: unknown
  /** The rule as the configuration has it. */
  readonly rule: Readonly<Record<string, unknown>>
}

/** `json` null removes the value, undefined leaves it; a label is the name of a record, without one there is none. */
export interface CustomResult {
  readonly json: unknown
  readonly label?: RecordName
}

/** A module's default export. Called for every value the rule reaches; must not keep state between calls. */
export type CustomMethod = (value: CustomValue, settings: CustomSettings) => CustomResult
