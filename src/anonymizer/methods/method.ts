import { sluiceError } from '../../errors.js'
import type { MethodFacts } from '../../rules/lint/method-facts.js'
import type { KeyName, Parameters } from '../parameters.js'
import type { CustomMethod } from './custom-method.js'
import type { Leaf, LeafMethod, RecordName } from './leaf.js'
import type { SettingsOf, SettingsShape } from './settings.js'

/**
 * One method of the table (`table.ts`): everything that the configuration, lint, both engines and the documents need
 * to know about it. To add a method, write such a description in a file of its own and add it to the table.
 */
export interface Method<Name extends string = string, Shape extends SettingsShape = SettingsShape>
  extends MethodFacts {
  /** As rules write it, in any case. */
  readonly name: Name
  /** What it does with a value, for the documents. */
  readonly summary: string
  readonly settings: Shape
  /** What it may have done with a value: each is a security label. */
  readonly records: readonly RecordName[]
  /** It may change a value without leaving a record. */
  readonly isUnrecorded?: boolean
  /** The result depends on where the value is: on the item, the line and the offset in it. */
  readonly dependsOnPlace?: boolean
  /** The keys that a rule cannot do without. */
  keysOf?(
    rule: RuleWith<Shape>,
    parameters: { readonly dateShiftFixedOffsetInDays?: number | undefined },
  ): readonly KeyName[]
  /** For the reach `replacement`: what takes the place of a complex element, as the rule has it. */
  templateOf?(rule: RuleWith<Shape>): unknown
  /** Prepares the method for primitive values. Throws KEY_MISSING or CONFIG_INVALID where it cannot work. */
  compile(rule: RuleWith<Shape>, context: MethodContext): LeafMethod
  /** How the walk treats a primitive's value; `method`, if it is not given, calls what `compile` returned. */
  walk?(leaf: LeafPlaceFacts, parameters: Parameters): WalkStep
}

/** A rule as its method sees it. */
export type RuleWith<Shape> = { readonly number: number; readonly path: string } & SettingsOf<Shape>

export type LeafPlaceFacts = Pick<Leaf, 'name' | 'type' | 'parentType' | 'kind'>

/**
 * What the walk does with a value, from its bytes alone where it can; what a step does not cover goes to the method.
 *
 * - `keep`, `drop`: copies the value, removes it
 * - `keep-year`: what redact leaves of a date
 * - `shift`: moves a date
 * - `hash`, `hash-reference`: writes the hash of the value, of the id in a reference
 * - `method`: calls the method
 */
export type WalkStep = 'keep' | 'drop' | 'keep-year' | 'shift' | 'hash' | 'hash-reference' | 'method'

/** What methods need besides the rule. */
export interface MethodContext {
  /** The day that decides who is over 89, `YYYY-MM-DD`. */
  readonly asOf: string
  readonly parameters: Parameters
  /** Resource names of the FHIR version: what a reference may name. */
  readonly resourceTypes: ReadonlySet<string>
  /** Loaded modules by lower-case method name. */
  readonly customMethods: ReadonlyMap<string, CustomMethod>
  /** Replaces `createHashText`, for instance by a cache in front of it. */
  readonly hashText?: ((text: string) => string) | undefined
}

/** Describes a method; its types follow from the description. */
export const method = <const Name extends string, const Shape extends SettingsShape>(
  description: Method<Name, Shape>,
): Method<Name, Shape> => description

/** The key's text. Throws KEY_MISSING where the parameters lack it. */
export function requiredKey(parameters: Parameters, name: KeyName): string {
  const key = parameters[name]
  if (key !== undefined) return key
  throw sluiceError('KEY_MISSING', {
    at: `parameters.${name}`,
    message: `a rule needs ${name}`,
    help: 'set it',
  })
}
