import { present } from '../../invariant.js'
import { FUNCTIONS } from '../evaluate/functions/functions.js'
import { type Expression, LEVELS, partsOf } from '../expression/expression.js'
import { ExpressionError, type Token, tokenize } from './tokens.js'

/** Parses an expression. Throws ExpressionError for bad syntax, an unknown function or a wrong number of arguments. */
export function parseExpression(text: string): Expression {
  return new ExpressionParser(tokenize(text)).whole()
}

const POWER = new Map(LEVELS.flatMap((operators, level) => operators.map((operator) => [operator, level])))

/** Maximum number of steps and operators in a row: far more than rules have, far less than a thread's stack holds. */
const MAX_IN_A_ROW = 1_000
/** Maximum nesting of parentheses. */
const MAX_NESTED = 100
/** Maximum number of them from an expression to its innermost part. */
const MAX_LEVELS = 2_000

class ExpressionParser {
  #next = 0
  #nested = 0

  readonly #tokens: readonly Token[]

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  whole(): Expression {
    const expression = this.#binary(0)
    if (this.#peek().kind !== 'end') throw this.#unexpected()
    if (isDeeperThan(MAX_LEVELS, expression)) throw this.#tooLong('nested', MAX_LEVELS)
    return expression
  }

  #peek(): Token {
    return present(this.#tokens[this.#next], 'the token at the end')
  }

  #unexpected(): ExpressionError {
    const { kind, offset } = this.#peek()
    return new ExpressionError(kind === 'end' ? 'it ends too early' : 'unexpected text', offset)
  }

  #takeSymbol(symbol: string): boolean {
    const token = this.#peek()
    if (token.kind !== 'symbol' || token.text !== symbol) return false
    this.#next++
    return true
  }

  #expectSymbol(symbol: string): void {
    if (!this.#takeSymbol(symbol)) throw this.#unexpected()
  }

  /** Parses an expression in parentheses, brackets or an argument. */
  #inner(): Expression {
    if (++this.#nested > MAX_NESTED) throw this.#tooLong('nested', MAX_NESTED)
    const expression = this.#binary(0)
    this.#nested--
    return expression
  }

  #tooLong(what: 'nested' | 'in a row', max: number): ExpressionError {
    return new ExpressionError(`more than ${max} expressions ${what}`, this.#peek().offset)
  }

  #binary(level: number): Expression {
    if (level === LEVELS.length) return this.#signed()
    let left = this.#binary(level + 1)
    for (let count = 1; ; count++) {
      const { kind, text } = this.#peek()
      if ((kind !== 'symbol' && kind !== 'name') || POWER.get(text) !== level) return left
      if (count > MAX_IN_A_ROW) throw this.#tooLong('in a row', MAX_IN_A_ROW)
      this.#next++
      if (text === 'is' || text === 'as')
        left = { op: 'type', operator: text, input: left, type: this.#typeName() }
      else left = { op: 'binary', operator: text, left, right: this.#binary(level + 1) }
    }
  }

  #signed(): Expression {
    const sign = ['-', '+'].find((symbol) => this.#takeSymbol(symbol))
    if (sign === undefined) return this.#chain()
    if (++this.#nested > MAX_NESTED) throw this.#tooLong('nested', MAX_NESTED)
    const expression: Expression = { op: 'sign', negative: sign === '-', input: this.#signed() }
    this.#nested--
    return expression
  }

  #chain(): Expression {
    let expression = this.#term()
    for (let count = 1; ; count++) {
      if (count > MAX_IN_A_ROW) throw this.#tooLong('in a row', MAX_IN_A_ROW)
      if (this.#takeSymbol('.')) expression = this.#invocation(expression)
      else if (this.#takeSymbol('[')) {
        const position = this.#inner()
        this.#expectSymbol(']')
        expression = { op: 'at', input: expression, position }
      } else return expression
    }
  }

  #term(): Expression {
    const token = this.#peek()
    if (this.#takeSymbol('(')) {
      const inner = this.#inner()
      this.#expectSymbol(')')
      return inner
    }
    if (this.#takeSymbol('{')) {
      this.#expectSymbol('}')
      return { op: 'empty' }
    }
    if (token.kind === 'name' && (token.text === 'true' || token.text === 'false')) {
      this.#next++
      return { op: 'literal', kind: 'boolean', text: token.text }
    }
    if (token.kind === 'name' || token.kind === 'delimited' || token.kind === 'special')
      return this.#invocation(undefined)
    this.#next++
    switch (token.kind) {
      case 'number':
        return this.#number(token)
      case 'string':
        return { op: 'literal', kind: 'string', text: unescaped(token.text) }
      case 'date':
        return dateLiteral(token.text.slice(1))
      case 'time':
        return { op: 'literal', kind: 'time', text: token.text.slice(2) }
      case 'variable':
        return { op: 'variable', name: token.text.slice(1).replace(/[`']/g, '') }
      default:
        this.#next--
        throw this.#unexpected()
    }
  }

  #number({ text, offset }: Token): Expression {
    const unit = this.#peek()
    if (unit.kind === 'string' || (unit.kind === 'name' && UNITS.has(unit.text))) {
      this.#next++
      return { op: 'literal', kind: 'quantity', text: `${text} ${unit.text}` }
    }
    if (text.includes('.')) return { op: 'literal', kind: 'decimal', text }
    if (Number(text) > 2147483647) throw new ExpressionError('an integer beyond 32 bits', offset)
    return { op: 'literal', kind: 'integer', text }
  }

  #invocation(input: Expression | undefined): Expression {
    const token = this.#peek()
    this.#next++
    if (token.kind === 'special' && input === undefined)
      return { op: token.text.slice(1) as 'this' | 'index' | 'total' }
    if (token.kind === 'delimited')
      return { op: 'member', name: unescaped(token.text), delimited: true, input }
    if (token.kind !== 'name' || (input === undefined && KEYWORDS.has(token.text))) {
      this.#next--
      throw this.#unexpected()
    }
    if (!this.#takeSymbol('(')) return { op: 'member', name: token.text, delimited: false, input }
    return { op: 'call', name: token.text, args: this.#args(token), input }
  }

  #args(name: Token): Expression[] {
    const row = FUNCTIONS.get(name.text)
    if (row === undefined) throw new ExpressionError(`no function ${name.text}() exists`, name.offset)
    const args: Expression[] = []
    if (!this.#takeSymbol(')')) {
      do args.push(row.args[args.length] === 'type' ? this.#typeArgument() : this.#inner())
      while (this.#takeSymbol(','))
      this.#expectSymbol(')')
    }
    if (args.length < row.args.length - (row.optional ?? 0) || args.length > row.args.length)
      throw new ExpressionError(`${name.text}() takes another number of arguments`, name.offset)
    return args
  }

  #typeArgument(): Expression {
    return { op: 'literal', kind: 'type', text: this.#typeName() }
  }

  #typeName(): string {
    const parts: string[] = []
    do {
      const token = this.#peek()
      if (token.kind !== 'name' && token.kind !== 'delimited') throw this.#unexpected()
      this.#next++
      parts.push(token.kind === 'delimited' ? unescaped(token.text) : token.text)
    } while (this.#takeSymbol('.'))
    return parts.join('.')
  }
}

/** Works without recursion, because there may be more levels than the stack holds. */
function isDeeperThan(max: number, whole: Expression): boolean {
  const open = [{ expression: whole, level: 1 }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { expression, level } = next
    if (level > max) return true
    for (const part of partsOf(expression)) open.push({ expression: part, level: level + 1 })
  }
  return false
}

const KEYWORDS = new Set(['div', 'mod', 'and', 'or', 'xor', 'implies'])
const UNITS = new Set(
  ['year', 'month', 'week', 'day', 'hour', 'minute', 'second', 'millisecond'].flatMap((unit) => [
    unit,
    `${unit}s`,
  ]),
)

const dateLiteral = (value: string): Expression => ({
  op: 'literal',
  kind: value.includes('T') ? 'dateTime' : 'date',
  text: value.replace(/T$/, ''),
})

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f' }

const unescaped = (quoted: string): string =>
  quoted
    .slice(1, -1)
    .replace(/\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g, (_, hex: string | undefined, character: string) =>
      hex === undefined ? (ESCAPES[character] ?? character) : String.fromCharCode(Number.parseInt(hex, 16)),
    )
