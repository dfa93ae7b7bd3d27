import { type Expression, partsOf } from '../../expression/expression.js'

/**
 * Whether `is` or `as` follows `|` on the same level: the original binds them looser, so `a | b as T` is
 * `(a | b) as T`, where HL7's grammar has `a | (b as T)` (law 4.1).
 */
export function bindsUnionFirst(path: string): boolean {
  const unions = [false]
  for (const [token] of path.matchAll(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`|[A-Za-z_]\w*|\S/g)) {
    if (token === '(' || token === '[') unions.push(false)
    else if (token === ')' || token === ']') unions.pop()
    else if (token === ',' || token === 'and' || token === 'or') unions[unions.length - 1] = false
    else if (token === '|') unions[unions.length - 1] = true
    else if ((token === 'as' || token === 'is') && unions.at(-1)) return true
  }
  return false
}

/** Whether the expression unites elements, not just texts of a list such as `('a' | 'b')`. */
export function hasUnionOfNodes(expression: Expression): boolean {
  if (expression.op === 'binary' && expression.operator === '|')
    return !isConstant(expression.left) && !isConstant(expression.right)
  return partsOf(expression).some(hasUnionOfNodes)
}

const isConstant = (expression: Expression): boolean =>
  expression.op === 'literal' ||
  expression.op === 'empty' ||
  (expression.op === 'binary' && isConstant(expression.left) && isConstant(expression.right))
