import type { Expression } from '../expression/expression.js'
import { parseRulePath } from '../path/rule-path.js'

/**
 * Whether a path selects only values that it lists: `parameter.where(name = 'header').name`,
 * `extension.where(url in ('a' | 'b')).url`.
 */
export function isBoundByItself(path: string): boolean {
  const { form } = parseRulePath(path)
  if (form.kind !== 'expression' || form.expression.op !== 'member') return false
  const { name, input } = form.expression
  const [criterion] = input?.op === 'call' && input.name === 'where' ? input.args : []
  return criterion !== undefined && lists(criterion, name)
}

/** Whether a criterion holds only for listed values of a member. */
function lists(criterion: Expression, name: string): boolean {
  if (criterion.op !== 'binary') return false
  const { operator, left, right } = criterion
  if (operator === 'and') return lists(left, name) || lists(right, name)
  if (operator === 'or') return lists(left, name) && lists(right, name)
  const isMember = left.op === 'member' && left.name === name && left.input === undefined
  return isMember && (operator === '=' || operator === 'in') && isList(right)
}

const isList = (expression: Expression): boolean =>
  expression.op === 'literal' ||
  (expression.op === 'binary' &&
    expression.operator === '|' &&
    isList(expression.left) &&
    isList(expression.right))
