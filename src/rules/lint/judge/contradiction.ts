import type { Binary, Expression } from '../../expression/expression.js'
import { print } from '../../expression/print.js'
import { type Place, placesNamed } from '../elements/place.js'
import type { Frame, Judge } from './judge.js'

/** Finds an `and` that never holds although each side may: one element cannot equal two texts. */
export function contradictionIn(judge: Judge, expression: Binary, frame: Frame): string | undefined {
  const wanted = new Map<string, string>()
  for (const part of equalitiesIn(expression)) {
    const { left, right } = part
    if (right.op !== 'literal' || !isSingle(judge, left, frame)) continue
    const element = print(left)
    const text = print(right)
    const known = wanted.get(element)
    if (known !== undefined && known !== text) return `${element} cannot be ${known} and ${text} at once`
    wanted.set(element, text)
  }
  return undefined
}

/** Collects the comparisons with `=` that must all hold. */
function equalitiesIn(expression: Expression): readonly Binary[] {
  if (expression.op !== 'binary') return []
  if (expression.operator === '=') return [expression]
  return expression.operator === 'and'
    ? [...equalitiesIn(expression.left), ...equalitiesIn(expression.right)]
    : []
}

/** Whether an expression gives at most one element: all steps lead to elements that do not repeat. */
export const isSingle = (judge: Judge, expression: Expression, { focus }: Frame): boolean =>
  singlePlaces(judge, expression, focus.places ?? []) !== undefined

function singlePlaces(
  judge: Judge,
  expression: Expression,
  focus: readonly Place[],
): readonly Place[] | undefined {
  if (expression.op === 'this') return focus
  if (expression.op !== 'member' || /^[A-Z]/.test(expression.name) || expression.delimited) return undefined
  const places = expression.input === undefined ? focus : singlePlaces(judge, expression.input, focus)
  if (places === undefined || places.length === 0) return undefined
  const members = placesNamed(places, expression.name, judge.tree)
  return members.every(({ cardinality }) => cardinality === 'one')
    ? members.map(({ place }) => place)
    : undefined
}
