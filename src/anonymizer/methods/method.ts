import { sluiceError } from '../../errors.js'
import type { Result } from '../../rules/explain/result.js'
import type { MethodFacts } from '../../rules/lint/method-facts.js'
import type { KeyName, Parameters } from '../parameters.js'
import type { CustomMethod } from './custom-method.js'
import type { Leaf, LeafMethod, RecordName } from './leaf.js'
import type { SettingsOf, SettingsShape } from './settings.js'

/**
 * One method of the table (`table.ts`): everything that the configuration, lint, both engines and the documentation
 * need to know about it. To add a method, write such a description in a file of its own and add it to the table.
 */
export interface Method<Name extends string = string, Shape extends SettingsShape = SettingsShape>
  extends MethodFacts {
  /** The name in rules; case is ignored. */
  readonly name: Name
  /** Describes what the method does with a value, for the documentation. */
  readonly summary: string
  readonly settings: Shape
  /** Records that the method may leave; each becomes a security label. */
  readonly records: readonly RecordName[]
  /** Whether the method may change a value without leaving a record. */
  readonly isUnrecorded?: boolean
  /** Whether the result depends on the place of the value: the item, the line and the offset in it. */
  readonly dependsOnPlace?: boolean
  /** Returns the keys that a rule requires. */
  keysOf?(
    rule: RuleWith<Shape>,
    parameters: { readonly dateShiftFixedOffsetInDays?: number | undefined },
  ): readonly KeyName[]
  /** For the reach `replacement`: returns the rule's replacement for a complex element. */
  templateOf?(rule: RuleWith<Shape>): unknown
  /** Compiles the method for primitive values. Throws KEY_MISSING or CONFIG_INVALID if it cannot work. */
  compile(rule: RuleWith<Shape>, context: MethodContext): LeafMethod
  /** Returns how the walk treats a primitive's value. Default `method`, which calls the compiled method. */
  walk?(leaf: LeafPlaceFacts, parameters: Parameters): WalkStep
  /** Returns what the method makes of a value that it claims, for `sluice explain`. */
  resultOf(leaf: LeafPlaceFacts, parameters: Parameters, rule: RuleWith<Shape>): Result
}

/** A rule with the settings of its method. */
export type RuleWith<Shape> = { readonly number: number; readonly path: string } & SettingsOf<Shape>

export type LeafPlaceFacts = Pick<Leaf, 'name' | 'type' | 'parentType' | 'kind'>

/**
 * How the walk treats a value, working on its bytes alone if it can. Values that a step does not cover go to the
 * method.
 *
 * - `keep`, `drop`: copies the value, removes it
 * - `keep-year`: keeps the part of a date that redact leaves
 * - `shift`: moves a date
 * - `hash`, `hash-reference`: writes the hash of the value, of the id in a reference
 * - `method`: calls the method
 */
export type WalkStep = 'keep' | 'drop' | 'keep-year' | 'shift' | 'hash' | 'hash-reference' | 'method'

/** The context that methods need in addition to the rule. */
export interface MethodContext {
  /** The day on which ages are computed to decide who is over 89, `YYYY-MM-DD`. */
  readonly asOf: string
  readonly parameters: Parameters
  /** Resource types of the FHIR version, which references may name. */
  readonly resourceTypes: ReadonlySet<string>
  /** Loaded custom methods by lower-case name. */
  readonly customMethods: ReadonlyMap<string, CustomMethod>
  /** Used instead of `createHashText`, for instance to put a cache in front of it. */
  readonly hashText?: ((text: string) => string) | undefined
}

/** Describes a method. The types of its settings are inferred from the description. */
export const method = <const Name extends string, const Shape extends SettingsShape>(
  description: Method<Name, Shape>,
): Method<Name, Shape> => description

/** Returns the key's text. Throws KEY_MISSING if the parameters lack it. */
export function requiredKey(parameters: Parameters, name: KeyName): string {
  const key = parameters[name]
  if (key !== undefined) return key
  throw sluiceError('KEY_MISSING', {
    at: `parameters.${name}`,
    message: `a rule needs ${name}`,
    help: 'set it',
  })
}
