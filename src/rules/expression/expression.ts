/**
 * A FHIRPath expression. Sluice has its own parser rather than HL7's: the anonymizer's dialect binds `is`/`as` looser than `|`
 * and `<`, takes double-quoted names and names such as `div` after a dot, and knows `nodesByType`/`nodesByName`
 * (law 4.1). An `input` of undefined is the focus.
 */
export type Expression =
  | { readonly op: 'literal'; readonly kind: LiteralKind; readonly text: string }
  | { readonly op: 'empty' }
  | { readonly op: 'variable'; readonly name: string }
  | { readonly op: 'this' | 'index' | 'total' }
  | {
      readonly op: 'member'
      readonly name: string
      readonly delimited: boolean
      readonly input?: Expression | undefined
    }
  | {
      readonly op: 'call'
      readonly name: string
      readonly args: readonly Expression[]
      readonly input?: Expression | undefined
    }
  | { readonly op: 'at'; readonly input: Expression; readonly position: Expression }
  | {
      readonly op: 'binary'
      readonly operator: string
      readonly left: Expression
      readonly right: Expression
    }
  | { readonly op: 'type'; readonly operator: 'is' | 'as'; readonly input: Expression; readonly type: string }
  | { readonly op: 'sign'; readonly negative: boolean; readonly input: Expression }

export type LiteralKind =
  | 'string'
  | 'boolean'
  | 'integer'
  | 'decimal'
  | 'date'
  | 'dateTime'
  | 'time'
  | 'quantity'
  /** A type name, as an argument of `is`, `as` and `ofType`. */
  | 'type'

export type Call = Extract<Expression, { op: 'call' }>
export type Binary = Extract<Expression, { op: 'binary' }>
export type MemberStep = Extract<Expression, { op: 'member' }>
export type Literal = Extract<Expression, { op: 'literal' }>

/** Returns the direct parts of an expression. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.op) {
    case 'member':
      return expression.input === undefined ? [] : [expression.input]
    case 'call':
      return expression.input === undefined ? expression.args : [expression.input, ...expression.args]
    case 'at':
      return [expression.input, expression.position]
    case 'binary':
      return [expression.left, expression.right]
    case 'type':
    case 'sign':
      return [expression.input]
    default:
      return []
  }
}

/** Binary operators by binding power, loosest first, as the original binds them. */
export const LEVELS: readonly (readonly string[])[] = [
  ['implies'],
  ['or', 'xor'],
  ['and'],
  ['in', 'contains'],
  ['=', '~', '!=', '!~'],
  ['is', 'as'],
  ['<', '<=', '>', '>='],
  ['|'],
  ['+', '-', '&'],
  ['*', '/', 'div', 'mod'],
]
