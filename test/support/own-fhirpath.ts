import { currentValue } from '../../src/anonymizer/interpreter/node-text.js'
import { toDouble } from '../../src/fhir/decimal.js'
import { elementTree } from '../../src/fhir/elements.js'
import { parseTree } from '../../src/fhir/parse-tree.js'
import { evaluate } from '../../src/rules/evaluate/evaluate.js'
import { EvaluationError } from '../../src/rules/evaluate/evaluation-error.js'
import { type Item, isNode } from '../../src/rules/evaluate/item.js'
import { resourceScope } from '../../src/rules/evaluate/scope.js'
import { isMoment, isNumber, type Value, valueText } from '../../src/rules/evaluate/value.js'
import type { Expression } from '../../src/rules/expression/expression.js'
import { canonical, type Given, numberText } from './hl7-fhirpath.js'

const elements = elementTree('R4')

/** What our evaluator gives for a path or condition on a resource; dates are told from texts. */
export function ownGiven(expression: Expression, line: string): Given {
  const source = Buffer.from(line)
  const tree = parseTree(elements, source, 0, source.length)
  if (tree === undefined || tree.faults.length > 0) throw new Error('the resource is not valid')
  const scope = resourceScope(tree.root, tree.root, {
    valueOf: (element) => currentValue(element, source),
    asOf: '2026-11-21',
  })
  const textOf = (item: Item): string | undefined => {
    if (!isNode(item)) return textOfValue(item)
    const value = scope.valueOf(item)
    if (value !== undefined) return textOfValue(value)
    if (item.kind !== 'object') return undefined
    return `element ${canonical(JSON.parse(source.toString('utf8', item.start, item.end)))}`
  }
  try {
    return evaluate(expression, tree.root, scope).flatMap((item) => textOf(item) ?? [])
  } catch (error) {
    if (error instanceof EvaluationError) return 'failed'
    throw error
  }
}

function textOfValue(value: Value): string {
  if (isNumber(value)) return numberText(toDouble(value.value))
  if (value.kind === 'boolean') return `boolean ${value.value}`
  if (isMoment(value)) return `date ${valueText(value)}`
  return `text ${valueText(value)}`
}
