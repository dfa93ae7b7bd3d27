import { FUNCTIONS } from '../evaluate/functions/functions.js'
import { looksFromItems } from '../evaluate/functions/row.js'
import type { Expression } from '../expression/expression.js'

/**
 * Returns the names of a resource's own elements that an expression may examine, and perhaps some more. Undefined if it
 * may examine any.
 */
export function rootMembers(expression: Expression): ReadonlySet<string> | undefined {
  const names = new Set<string>()
  return collect(expression, names, false) ? names : undefined
}

/** With `isBelow`, the focus is not the resource itself. Returns false if the expression may look anywhere. */
function collect(expression: Expression, names: Set<string>, isBelow: boolean): boolean {
  switch (expression.op) {
    case 'literal':
    case 'empty':
    case 'index':
      return true
    case 'this':
      return isBelow
    case 'member':
      if (expression.input !== undefined) return collect(expression.input, names, isBelow)
      if (isBelow) return true
      names.add(expression.name)
      return /^[a-z]\w*$/.test(expression.name)
    case 'call': {
      if (expression.input === undefined ? !isBelow : !collect(expression.input, names, isBelow)) return false
      const row = FUNCTIONS.get(expression.name)
      const areBelow = row !== undefined && looksFromItems(row)
      return expression.args.every((arg) => collect(arg, names, isBelow || areBelow))
    }
    case 'at':
      return collect(expression.input, names, isBelow) && collect(expression.position, names, isBelow)
    case 'binary':
      return collect(expression.left, names, isBelow) && collect(expression.right, names, isBelow)
    case 'type':
    case 'sign':
      return collect(expression.input, names, isBelow)
    default:
      return false
  }
}
