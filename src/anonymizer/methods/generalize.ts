import { decimalText } from '../../fhir/decimal.js'
import { jsonString } from '../../fhir/text.js'
import { evaluate, isTrue } from '../../rules/evaluate/evaluate.js'
import { EvaluationError } from '../../rules/evaluate/evaluation-error.js'
import { type Items, isNode } from '../../rules/evaluate/item.js'
import { valueScope } from '../../rules/evaluate/scope.js'
import { leafValue, type Value, valueText } from '../../rules/evaluate/value.js'
import type { Expression } from '../../rules/expression/expression.js'
import { parseExpression } from '../../rules/path/parser.js'
import { ExpressionError } from '../../rules/path/tokens.js'
import { type Leaf, type LeafChange, type LeafFailure, type LeafMethod, RECORD } from './leaf.js'
import { method, type RuleWith } from './method.js'
import { resultOfTrial } from './trial.js'

const settings = {
  cases: { kind: 'cases' },
  otherValues: { kind: 'choice', words: ['redact', 'keep'], default: 'redact' },
} as const

export const generalize = method({
  name: 'generalize',
  summary:
    'writes the value of the first case that applies: `cases` maps FHIRPath conditions to FHIRPath values',
  settings,
  records: ['GENERALIZE'],
  reach: 'primitive',
  compile: (rule, { asOf }) => compileGeneralize(rule, asOf),
  resultOf: (leaf, _, rule) => resultOfTrial(leaf, compileGeneralize(rule, TRIAL_DAY)),
})

/** Any day: the trial asks what a rule lets through, not who is over 89. */
const TRIAL_DAY = '2000-01-01'

interface Case {
  readonly condition: Expression
  readonly value: Expression
}

const KEPT: LeafChange = { record: RECORD.GENERALIZE, json: undefined }
const REMOVED: LeafChange = { record: RECORD.GENERALIZE, json: null }

/**
 * Replaces a primitive with the value of the first case whose condition is anything but false, otherwise with
 * `otherValues` (law 11.1). Its extensions are not affected. Throws ExpressionError for a case that
 * `checkGeneralizeExpression` reports.
 */
function compileGeneralize(rule: RuleWith<typeof settings>, asOf: string): LeafMethod {
  const cases = rule.cases.map(
    ([condition, value]): Case => ({
      condition: parseExpression(condition),
      value: parseExpression(value),
    }),
  )
  const other = rule.otherValues === 'keep' ? KEPT : REMOVED
  return (leaf) => {
    const value = leafValue(leaf.type, leaf.text)
    if (value === undefined) return failure(`the value is not of type ${leaf.type}`)
    try {
      return generalized(cases, leaf, { value, asOf }) ?? other
    } catch (error) {
      if (error instanceof EvaluationError) return failure(error.message)
      throw error
    }
  }
}

const failure = (reason: string): LeafFailure => ({ failed: `generalize: ${reason}`, skippable: true })

function generalized(
  cases: readonly Case[],
  leaf: Leaf,
  { value: original, asOf }: { readonly value: Value; readonly asOf: string },
): LeafChange | undefined {
  const scope = valueScope(original, leaf.text, asOf)
  for (const { condition, value } of cases) {
    // Only a single false rejects a case: empty and non-boolean results accept it.
    if (isTrue(condition, original, scope) === false) continue
    return { record: RECORD.GENERALIZE, json: resultToken(evaluate(value, original, scope), leaf, original) }
  }
  return undefined
}

function resultToken(items: Items, leaf: Leaf, original: Value): string | null | undefined {
  const [result] = items
  if (result === undefined) return null
  if (items.length > 1 || isNode(result)) throw new EvaluationError('the value is several items')
  return result === original ? undefined : token(result, leaf.type)
}

const NUMBER_TYPES = new Set(['integer', 'unsignedInt', 'positiveInt'])

/**
 * Returns the JSON token of a result. The kind of the result decides, not the element's type, except that a long is a
 * number only on integers (law 11.2).
 */
function token(value: Value, type: string): string {
  switch (value.kind) {
    case 'boolean':
      return String(value.value)
    case 'integer':
    case 'decimal':
      return decimalText(value.value)
    case 'long':
      return NUMBER_TYPES.has(type) ? decimalText(value.value) : `"${decimalText(value.value)}"`
    default:
      return jsonString(valueText(value))
  }
}

/** Returns the error in a case's condition or value; undefined if it compiles. */
export function checkGeneralizeExpression(text: string): string | undefined {
  try {
    parseExpression(text)
    return undefined
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    return `${error.message} (at character ${error.offset + 1})`
  }
}
