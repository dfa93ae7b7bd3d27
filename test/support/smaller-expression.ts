import { FUNCTIONS } from '../../src/rules/evaluate/functions/functions.js'
import { type Call, type Expression, partsOf } from '../../src/rules/expression/expression.js'

/** Something that is evaluated on the input of a call: what it is, and the same call with something else in its place. */
interface Inside {
  readonly inner: Expression
  readonly with: (inner: Expression) => Call
}

const TRUE: Expression = { op: 'literal', kind: 'boolean', text: 'true' }

const onEach = (input: Expression | undefined, inner: Expression): Call => ({
  op: 'call',
  name: 'select',
  args: [inner],
  input,
})

const onWhole = (input: Expression | undefined, inner: Expression): Call => ({
  op: 'call',
  name: 'iif',
  args: [TRUE, inner],
  input,
})

/** What stands in `input.select(inner)` or `input.iif(true, inner)`. */
export function insideOf(whole: Expression): Inside | undefined {
  const outer = wrapped(whole)
  const deeper = outer && insideOf(outer.inner)
  return deeper === undefined
    ? outer
    : { inner: deeper.inner, with: (inner) => outer?.with(deeper.with(inner)) ?? deeper.with(inner) }
}

function wrapped(whole: Expression): Inside | undefined {
  if (whole.op !== 'call') return undefined
  const [first, second] = whole.args
  if (whole.name === 'select' && first !== undefined)
    return { inner: first, with: (inner) => onEach(whole.input, inner) }
  if (whole.name !== 'iif' || second === undefined || whole.args.length > 2) return undefined
  const isTrue = first?.op === 'literal' && first.kind === 'boolean' && first.text === 'true'
  return isTrue ? { inner: second, with: (inner) => onWhole(whole.input, inner) } : undefined
}

/**
 * Parts of an expression, as expressions that evaluate them on what they are evaluated on: `a.where(b = c)` gives
 * `a.select(b = c)`, and that `a.select(b)`.
 */
function* smallerExpressions(whole: Expression): Generator<Expression> {
  if (whole.op === 'call' && whole.input !== undefined) yield whole.input
  const inside = insideOf(whole)
  if (inside !== undefined) for (const part of partsWithFocus(inside.inner)) yield inside.with(part)
  else yield* partsWithFocus(whole)
}

/** The operands of an expression, each evaluated on what it is evaluated on. */
export function partsWithFocus(whole: Expression): readonly Expression[] {
  if (whole.op !== 'call') return partsOf(whole)
  const kinds = FUNCTIONS.get(whole.name)?.args ?? []
  const parts = whole.args.flatMap((argument, position) => {
    switch (kinds[position]) {
      case 'type':
        return []
      case 'condition':
      case 'projection':
        return [onEach(whole.input, argument)]
      case 'branch':
        return [onWhole(whole.input, argument)]
      default:
        return [argument]
    }
  })
  return whole.input === undefined ? parts : [whole.input, ...parts]
}

/** The smallest such part that still has a property. */
export function smallest(whole: Expression, has: (part: Expression) => boolean): Expression {
  const size = sizeOf(whole)
  const isPlain = insideOf(whole) === undefined
  for (const part of smallerExpressions(whole)) {
    const isSmaller = sizeOf(part) < size || (isPlain && insideOf(part) !== undefined)
    if (isSmaller && has(part)) return smallest(part, has)
  }
  return whole
}

/** `select()` counts less than what it stands for. */
const sizeOf = (whole: Expression): number =>
  partsOf(whole).reduce((size, part) => size + sizeOf(part), ownSize(whole))

const ownSize = (whole: Expression): number =>
  whole.op === 'literal' ? 0.5 : whole.op === 'call' && whole.name !== 'select' ? 1.25 : 1
