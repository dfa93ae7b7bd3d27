/** What a rule may set for its method; the configuration's schema is made from it. Keys are case-sensitive. */
export type SettingsShape = Readonly<Record<string, Setting>>

export type Setting =
  | NumberSetting
  | ChoiceSetting<string>
  | { readonly kind: 'cases' }
  /** Any JSON value, but there must be one; `missing` says what to write. */
  | { readonly kind: 'json'; readonly missing: string }

export interface NumberSetting {
  readonly kind: 'number'
  readonly isWhole?: boolean
  readonly min: number
  readonly max?: number
  /** A number without default must be given. */
  readonly default?: number
}

/** One of several words, in any case. */
export interface ChoiceSetting<Word extends string> {
  readonly kind: 'choice'
  readonly words: readonly Word[]
  readonly default: Word
}

/** [FHIRPath condition, FHIRPath value], in file order (also for integer-like keys). */
export type Cases = readonly (readonly [condition: string, value: string])[]

type ValueOf<S> = S extends { readonly kind: 'number' }
  ? number
  : S extends { readonly kind: 'choice'; readonly words: readonly (infer Word)[] }
    ? Word
    : S extends { readonly kind: 'cases' }
      ? Cases
      : unknown

/** A rule's settings as the configuration hands them over: checked, with defaults. */
export type SettingsOf<Shape> = { readonly [Key in keyof Shape]: ValueOf<Shape[Key]> }
