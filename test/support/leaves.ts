import { isFailure, type Leaf, type LeafPlace, RECORD } from '../../src/anonymizer/methods/leaf.js'
import type { MethodContext } from '../../src/anonymizer/methods/method.js'
import { type MethodSettings, methodOf } from '../../src/anonymizer/methods/table.js'
import { specOf } from './spec-of.js'

/** A leaf of that type and text, standing alone; `parts` says what else matters. */
export const leafOf = (type: string, text: string, parts: Partial<Leaf> = {}): Leaf => ({
  name: 'value',
  type,
  parentType: 'BackboneElement',
  kind: KINDS[type] ?? 'string',
  text,
  isReferenceValue: false,
  ...parts,
})

const KINDS: Readonly<Record<string, Leaf['kind']>> = {
  integer: 'number',
  positiveInt: 'number',
  unsignedInt: 'number',
  decimal: 'number',
  boolean: 'boolean',
}

export const placeOf = (parts: Partial<LeafPlace> = {}): LeafPlace => ({
  prefix: () => '',
  item: 'Patient.ndjson',
  record: 0,
  offset: 0,
  ...parts,
})

/** Resource names enough for the reference vectors of `../shared`. */
export const RESOURCE_TYPES: ReadonlySet<string> = new Set([
  'Binary',
  'Group',
  'Observation',
  'Patient',
  'RequestGroup',
  'StructureDefinition',
])

export interface LeafOutcome {
  /** What is written, read back from JSON; the leaf's own text where it is unchanged. */
  readonly value: unknown
  readonly records: readonly string[]
  readonly failed: string | undefined
  readonly skippable: boolean | undefined
}

/** Runs one method with the given parameters of a Microsoft-format configuration. */
export function leafMethod(
  settings: MethodSettings,
  parameters: Readonly<Record<string, unknown>> = {},
  context: Partial<MethodContext> = {},
): (leaf: Leaf, place?: LeafPlace) => LeafOutcome {
  const spec = specOf({ fhirPathRules: [], parameters })
  const rule = { number: 1, path: 'Patient', ...settings }
  const method = methodOf(rule).compile(rule, {
    asOf: spec.asOf,
    parameters: spec.parameters,
    resourceTypes: RESOURCE_TYPES,
    customMethods: new Map(),
    ...context,
  })
  return (leaf, place = placeOf()) => {
    const outcome = method(leaf, place)
    if (isFailure(outcome))
      return { value: undefined, records: [], failed: outcome.failed, skippable: outcome.skippable }
    const { json, record } = outcome
    return {
      value: json === undefined ? leaf.text : json === null ? null : JSON.parse(json),
      records: Object.entries(RECORD).flatMap(([name, bit]) => ((record & bit) === 0 ? [] : [name])),
      failed: undefined,
      skippable: undefined,
    }
  }
}
