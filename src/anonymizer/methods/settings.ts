/**
 * The settings that a rule may have for its method. The configuration's schema is generated from it. Keys are
 * case-sensitive.
 */
export type SettingsShape = Readonly<Record<string, Setting>>

export type Setting =
  | NumberSetting
  | ChoiceSetting<string>
  | { readonly kind: 'cases' }
  /** A required setting with any JSON value; `missing` is the message if it is absent. */
  | { readonly kind: 'json'; readonly missing: string }

export interface NumberSetting {
  readonly kind: 'number'
  readonly isWhole?: boolean
  readonly min: number
  readonly max?: number
  /** A number without a default is required. */
  readonly default?: number
}

/** One of several words; case is ignored. */
export interface ChoiceSetting<Word extends string> {
  readonly kind: 'choice'
  readonly words: readonly Word[]
  readonly default: Word
}

/** Pairs of FHIRPath condition and FHIRPath value, in file order (also for integer-like keys). */
export type Cases = readonly (readonly [condition: string, value: string])[]

type ValueOf<S> = S extends { readonly kind: 'number' }
  ? number
  : S extends { readonly kind: 'choice'; readonly words: readonly (infer Word)[] }
    ? Word
    : S extends { readonly kind: 'cases' }
      ? Cases
      : unknown

/** A rule's settings after the configuration has checked them and filled in defaults. */
export type SettingsOf<Shape> = { readonly [Key in keyof Shape]: ValueOf<Shape[Key]> }
