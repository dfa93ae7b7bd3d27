import { type Expression, LEVELS, type Literal } from './expression.js'

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
const OPERATOR_NAMES = new Set(LEVELS.flat().filter((operator) => NAME.test(operator)))

/** Prints an expression as text that parses to the same expression. */
export function print(expression: Expression): string {
  switch (expression.op) {
    case 'literal':
      return printLiteral(expression)
    case 'empty':
      return '{}'
    case 'this':
    case 'index':
    case 'total':
      return `$${expression.op}`
    case 'variable':
      return NAME.test(expression.name) ? `%${expression.name}` : `%\`${expression.name}\``
    case 'member':
      return after(expression.input, printName(expression.name, expression.delimited))
    case 'call':
      return after(expression.input, `${expression.name}(${expression.args.map(print).join(', ')})`)
    case 'at':
      return `${operand(expression.input)}[${print(expression.position)}]`
    case 'type':
      return `${inside(expression.input, levelOf(expression))} ${expression.operator} ${expression.type}`
    case 'sign':
      return `${expression.negative ? '-' : '+'}${operand(expression.input)}`
    case 'binary': {
      const level = levelOf(expression)
      return `${inside(expression.left, level)} ${expression.operator} ${inside(expression.right, level + 1)}`
    }
  }
}

const after = (input: Expression | undefined, step: string): string =>
  input === undefined ? step : `${operand(input)}.${step}`

const levelOf = (expression: Expression): number => {
  if (expression.op === 'type') return LEVELS.findIndex((operators) => operators.includes('is'))
  if (expression.op === 'binary')
    return LEVELS.findIndex((operators) => operators.includes(expression.operator))
  return LEVELS.length
}

// A list in a comparison is easier to read in parentheses.
const isList = (expression: Expression): boolean => expression.op === 'binary' && expression.operator === '|'
const LIST_LEVEL = LEVELS.findIndex((operators) => operators.includes('|'))

const inside = (expression: Expression, level: number): string =>
  levelOf(expression) < level || (isList(expression) && level < LIST_LEVEL)
    ? `(${print(expression)})`
    : print(expression)

const operand = (expression: Expression): string =>
  expression.op === 'sign' || levelOf(expression) < LEVELS.length
    ? `(${print(expression)})`
    : print(expression)

const printName = (name: string, delimited: boolean): string =>
  delimited || !NAME.test(name) || OPERATOR_NAMES.has(name) ? `\`${name.replace(/[\\`]/g, '\\$&')}\`` : name

function printLiteral({ kind, text }: Literal): string {
  if (kind === 'string') return `'${text.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n')}'`
  if (kind === 'date') return `@${text}`
  if (kind === 'dateTime') return text.includes('T') ? `@${text}` : `@${text}T`
  return kind === 'time' ? `@T${text}` : text
}
