import type { Binary, Expression } from '../expression/expression.js'
import type { Items } from './item.js'
import { string } from './value.js'

/** The texts of `'a' | 'b' | …`, each once. */
export interface LiteralSet {
  readonly texts: ReadonlySet<string>
  readonly items: Items
}

const known = new WeakMap<Binary, LiteralSet | undefined>()

/**
 * Returns the set that a union of texts stands for; undefined for any other expression. It is made once, because a
 * union compares each of its items with all before it, which takes too long for the hundreds of codes of a list.
 */
export function literalSet(expression: Expression): LiteralSet | undefined {
  if (expression.op !== 'binary' || expression.operator !== '|') return undefined
  if (known.has(expression)) return known.get(expression)
  const texts = textsOf(expression)
  const set = texts && { texts: new Set(texts), items: [...new Set(texts)].map(string) }
  known.set(expression, set)
  return set
}

function textsOf(expression: Expression): string[] | undefined {
  const texts: string[] = []
  let rest: Expression = expression
  while (rest.op === 'binary' && rest.operator === '|') {
    if (rest.right.op !== 'literal' || rest.right.kind !== 'string') return undefined
    texts.push(rest.right.text)
    rest = rest.left
  }
  if (rest.op !== 'literal' || rest.kind !== 'string') return undefined
  return [rest.text, ...texts.reverse()]
}
