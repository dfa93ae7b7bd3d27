import { decimalText } from '../../fhir/decimal.js'
import { jsonString } from '../../fhir/text.js'
import { truth } from '../../rules/evaluate/values/collections.js'
import { evaluate } from '../../rules/evaluate/values/evaluate.js'
import {
  EvaluationError,
  type Item,
  type Items,
  itemText,
  leafItem,
} from '../../rules/evaluate/values/item.js'
import { type Expression, ExpressionError, parseExpression } from '../../rules/path/parser.js'
import { type Leaf, type LeafChange, type LeafFailure, type LeafMethod, RECORD } from './leaf.js'
import { method, type RuleWith } from './method.js'

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
})

interface Case {
  readonly condition: Expression
  readonly value: Expression
}

const KEPT: LeafChange = { record: RECORD.GENERALIZE, json: undefined }
const REMOVED: LeafChange = { record: RECORD.GENERALIZE, json: null }

/**
 * The value of the first case whose condition is anything but false, otherwise `otherValues` (law 11.1). For primitives
 * without extension. Throws ExpressionError for a case that `checkGeneralizeExpression` reports.
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
    const item = leafItem(leaf.type, leaf.text)
    if (item === undefined) return failure(`the value is no ${leaf.type}`)
    try {
      return generalized(cases, leaf, { item, today: asOf }) ?? other
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
  { item, today }: { readonly item: Item; readonly today: string },
): LeafChange | undefined {
  const self = [item]
  const variables = new Map([['context', self]])
  const scope = { focus: self, self, index: 0, total: [], today, variables }
  for (const { condition, value } of cases) {
    // Only a single false rejects: empty and non-boolean results take the case.
    if (truth(evaluate(condition, scope)) === false) continue
    return { record: RECORD.GENERALIZE, json: resultToken(evaluate(value, scope), leaf, item) }
  }
  return undefined
}

function resultToken(result: Items, leaf: Leaf, original: Item): string | null | undefined {
  if (result.length === 0) return null
  if (result.length > 1) throw new EvaluationError('the value is several items')
  return result[0] === original ? undefined : token(result[0], leaf.type)
}

const NUMBER_TYPES = new Set(['integer', 'unsignedInt', 'positiveInt'])

/** The kind of the result decides, not the element's type; a 64-bit integer is a number on integers only (law 11.2). */
function token(item: Item, type: string): string {
  switch (item.kind) {
    case 'boolean':
      return String(item.value)
    case 'integer':
    case 'decimal':
      return decimalText(item.value)
    case 'long':
      return NUMBER_TYPES.has(type) ? decimalText(item.value) : `"${decimalText(item.value)}"`
    default:
      return jsonString(itemText(item))
  }
}

/** What is wrong with a case's condition or value; undefined where it compiles. */
export function checkGeneralizeExpression(text: string): string | undefined {
  try {
    parseExpression(text)
    return undefined
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    return `${error.message} (at character ${error.offset + 1})`
  }
}
