/** Thrown by `parseExpression`; `offset` counts characters. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'

  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message)
  }
}

export type TokenKind =
  | 'name'
  | 'delimited'
  | 'number'
  | 'string'
  | 'date'
  | 'time'
  | 'symbol'
  | 'variable'
  | 'special'
  | 'end'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
  readonly offset: number
}

const PATTERNS: readonly (readonly [TokenKind | 'space', string])[] = [
  ['space', String.raw`\s+|//[^\n]*|/\*[\s\S]*?\*/`],
  ['time', String.raw`@T\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?`],
  [
    'date',
    String.raw`@\d{4}(?:-\d\d(?:-\d\d)?)?(?:T(?:\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?)?)?`,
  ],
  ['number', String.raw`\d+(?:\.\d+)?`],
  ['string', String.raw`'(?:[^'\\]|\\[\s\S])*'`],
  ['delimited', String.raw`${'`'}(?:[^${'`'}\\]|\\.)*${'`'}|"(?:[^"\\]|\\.)*"`],
  ['special', String.raw`\$(?:this|index|total)`],
  ['variable', `%(?:[A-Za-z_][A-Za-z0-9_-]*|\`[^\`]*\`|'[^']*')`],
  ['name', '[A-Za-z_][A-Za-z0-9_]*'],
  ['symbol', String.raw`<=|>=|!=|!~|[-+*/&|<>=~.,()[\]{}]`],
]
const TOKEN = new RegExp(PATTERNS.map(([kind, pattern]) => `(?<${kind}>${pattern})`).join('|'), 'y')

/** Splits an expression into tokens, including the end. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.length) {
    const offset = TOKEN.lastIndex
    const groups = TOKEN.exec(text)?.groups
    if (groups === undefined) throw new ExpressionError('this is not FHIRPath', offset)
    for (const [kind] of PATTERNS)
      if (kind !== 'space' && groups[kind] !== undefined) tokens.push({ kind, text: groups[kind], offset })
  }
  tokens.push({ kind: 'end', text: '', offset: text.length })
  return tokens
}
