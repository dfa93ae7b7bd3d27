import type { LineTrace } from '../anonymizer/interpreter/trace.js'

/** What a value must have become. */
export type Expectation =
  | { readonly kind: 'word'; readonly word: ExpectedWord }
  | { readonly kind: 'value'; readonly value: string | number | boolean }
  | { readonly kind: 'shiftedLike' | 'hashedLike'; readonly path: string }

export type ExpectedWord =
  | 'kept'
  | 'changed'
  | 'absent'
  | 'present'
  | 'year'
  | 'shifted'
  | 'hashed'
  | 'encrypted'

/** One test of a configuration, as a file gives it. */
export interface ConfigTest {
  readonly name: string
  readonly given: readonly object[]
  /** By path. */
  readonly expect: ReadonlyMap<string, Expectation>
  /** Texts that must not occur anywhere in the output. */
  readonly never: readonly string[]
  /** The code with which each resource must be rejected. */
  readonly rejected?: string | undefined
  /** The name of the file that the resources are taken to be in. */
  readonly item: string
}

/** A given resource and what the configuration makes of it. */
export interface TestedResource {
  readonly resourceType: string
  readonly given: object
  readonly trace: LineTrace
  /** The output as `JSON.parse` gives it; undefined for a rejected resource. */
  readonly output: unknown
}

/** Why a test fails. */
export interface TestFailure {
  /** A path, `never[0]`, `rejected`, `golden`, `engines`. */
  readonly at: string
  /** Names kinds, rules and places, no values. */
  readonly message: string
  /** The values that the message is about, for who asks for them. */
  readonly values?: { readonly before?: string; readonly after?: string; readonly expected?: string }
}
