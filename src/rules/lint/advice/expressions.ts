import { type Expression, partsOf } from '../../expression/expression.js'

/** Returns the expression with one part, found by identity, replaced. */
export function replaced(whole: Expression, target: Expression, by: Expression): Expression {
  if (whole === target) return by
  const inner = (part: Expression): Expression => replaced(part, target, by)
  switch (whole.op) {
    case 'member':
      return whole.input === undefined ? whole : { ...whole, input: inner(whole.input) }
    case 'call': {
      const args = whole.args.map(inner)
      return whole.input === undefined ? { ...whole, args } : { ...whole, args, input: inner(whole.input) }
    }
    case 'at':
      return { ...whole, input: inner(whole.input), position: inner(whole.position) }
    case 'binary':
      return { ...whole, left: inner(whole.left), right: inner(whole.right) }
    case 'type':
    case 'sign':
      return { ...whole, input: inner(whole.input) }
    default:
      return whole
  }
}

/** Returns the expression that directly contains a part. */
export function parentOf(whole: Expression, part: Expression): Expression | undefined {
  for (const inner of partsOf(whole)) {
    if (inner === part) return whole
    const found = parentOf(inner, part)
    if (found !== undefined) return found
  }
  return undefined
}

/** A part of a path, and what may have been meant instead. */
export interface Candidate {
  readonly target: Expression
  readonly by: Expression
}

export const text = (content: string): Expression => ({ op: 'literal', kind: 'string', text: content })

export const typeName = (name: string): Expression => ({ op: 'literal', kind: 'type', text: name })

export const step = (name: string, input: Expression | undefined): Expression => ({
  op: 'member',
  name,
  delimited: false,
  ...(input === undefined ? {} : { input }),
})

export const ofType = (input: Expression, type: string): Expression => ({
  op: 'call',
  name: 'ofType',
  args: [typeName(type)],
  input,
})
