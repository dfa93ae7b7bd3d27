import { sluiceError } from '../../errors.js'
import { jsonString } from '../../fhir/text.js'
import type { CustomMethod, CustomSettings } from './custom-method.js'
import {
  type Leaf,
  type LeafChange,
  type LeafFailure,
  type LeafMethod,
  RECORD,
  RECORD_NAMES,
  type RecordName,
} from './leaf.js'
import { type Method, type MethodContext, method, type RuleWith } from './method.js'

/** A rule's settings for a custom method; `name` is the method's name in lower case. */
export type CustomMethodSettings = {
  readonly method: typeof custom.name
  readonly name: string
  readonly settings: Readonly<Record<string, unknown>>
}

/** The method of a module listed in the configuration's `customMethods`. Rules use the name given there. */
export const custom: Method<'custom'> = method({
  name: 'custom',
  summary: 'a module named in `customMethods`',
  settings: {},
  records: RECORD_NAMES,
  reach: 'values',
  isUnrecorded: true,
  writesAnything: true,
  compile: (rule: CustomMethodSettings & RuleWith<object>, context: MethodContext) => {
    const loaded = context.customMethods.get(rule.name.toLowerCase())
    if (loaded === undefined)
      throw sluiceError('CONFIG_INVALID', {
        at: `fhirPathRules[${rule.number - 1}].method`,
        message: `rule ${rule.number}: method ${rule.name} is not loaded`,
        help: 'name its module under customMethods',
      })
    const settings = { customSettings: context.parameters.customSettings, rule: rule.settings }
    return compileCustom(rule.name, loaded, settings)
  },
  resultOf: () => 'custom',
})

function compileCustom(name: string, customMethod: CustomMethod, settings: CustomSettings): LeafMethod {
  const failure = (reason: string): LeafFailure => ({ failed: `${name}: ${reason}`, skippable: true })
  return (leaf) => {
    let result: unknown
    try {
      const { type, name: element, text } = leaf
      result = customMethod({ type, name: element, text, json: leafJson(leaf) }, settings)
    } catch {
      // The thrown error may quote the value.
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
  typeof label === 'string' && Object.hasOwn(RECORD, label) ? RECORD[label as RecordName] : undefined
