import { jsonString } from '../../fhir/text.js'
import { type Leaf, type LeafChange, type LeafFailure, type LeafMethod, RECORD } from './leaf.js'

/** What a custom method sees of a value: `json` is it as JSON has it (`spec/anonymizer.md` 3.9 has no such door). */
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
  readonly label?: keyof typeof RECORD
}

/** A module's default export. Called for every value the rule reaches; must not keep state between calls. */
export type CustomMethod = (value: CustomValue, settings: CustomSettings) => CustomResult

export function compileCustom(name: string, method: CustomMethod, settings: CustomSettings): LeafMethod {
  const failure = (reason: string): LeafFailure => ({ failed: `${name}: ${reason}`, skippable: true })
  return (leaf) => {
    let result: unknown
    try {
      const { type, name: element, text } = leaf
      result = method({ type, name: element, text, json: leafJson(leaf) }, settings)
    } catch {
      // What it threw may quote the value.
      return failure('the method threw')
    }
    return checked(result, failure)
  }
}

function leafJson({ kind, text }: Leaf): string | number | boolean {
  if (kind === 'string') return text
  return kind === 'number' ? Number(text) : text === 'True'
}

function checked(result: unknown, failure: (reason: string) => LeafFailure): LeafChange | LeafFailure {
  if (typeof result !== 'object' || result === null || !('json' in result))
    return failure('the method must return an object with json')
  const label = 'label' in result ? result.label : undefined
  const record = label === undefined ? 0 : recordOf(label)
  if (record === undefined) return failure('label is not the name of a record')
  const { json } = result
  switch (typeof json) {
    case 'undefined':
      return { record, json: undefined }
    case 'string':
      return { record, json: jsonString(json) }
    case 'boolean':
      return { record, json: String(json) }
    case 'number':
      return Number.isFinite(json) ? { record, json: String(json) } : failure('json is not a JSON number')
    default:
      return json === null ? { record, json: null } : failure('json must be a primitive')
  }
}

const recordOf = (label: unknown): number | undefined =>
  typeof label === 'string' && Object.hasOwn(RECORD, label) ? RECORD[label as keyof typeof RECORD] : undefined
