import type { Expression } from '../../expression/expression.js'

/** A step of a path inside a criterion. */
export type PathStep =
  | { readonly kind: 'child'; readonly name: string }
  /** Keeps the element if its type has exactly this name. */
  | { readonly kind: 'type'; readonly name: string }
  | { readonly kind: 'where'; readonly criterion: Expression }

export type Path = readonly PathStep[]

/** Splits a path into its steps; undefined for an expression that is no path or has steps of other kinds. */
export function pathOf(expression: Expression): Path | undefined {
  if (expression.op === 'this') return []
  if (expression.op === 'type')
    return expression.operator === 'as' ? extended(expression.input, typeSteps(expression.type)) : undefined
  if (expression.op === 'member') {
    const { name, delimited, input } = expression
    return delimited && name.endsWith('*') ? undefined : extended(input, nameSteps(name))
  }
  if (expression.op !== 'call') return undefined
  const { name, args, input } = expression
  const [argument] = args
  if (argument === undefined) return undefined
  if (name === 'where') return extended(input, [{ kind: 'where', criterion: argument }])
  if (argument.op !== 'literal') return undefined
  if (name === 'ofType' || name === 'as')
    return argument.kind === 'type' || argument.kind === 'string'
      ? extended(input, typeSteps(argument.text))
      : undefined
  return name === 'extension' && argument.kind === 'string'
    ? extended(input, extensionSteps(argument))
    : undefined
}

const extended = (input: Expression | undefined, steps: Path | undefined): Path | undefined => {
  const before = input === undefined ? [] : pathOf(input)
  return steps && before && [...before, ...steps]
}

/** A capitalized name tests the type; `Resource` and `DomainResource` let everything pass. */
export function nameSteps(
  name: string,
): readonly { readonly kind: 'child' | 'type'; readonly name: string }[] {
  const first = name.charCodeAt(0)
  if (first < 65 || first > 90) return [{ kind: 'child', name }]
  return name === 'Resource' || name === 'DomainResource' ? [] : [{ kind: 'type', name }]
}

export function typeSteps(
  type: string,
): readonly { readonly kind: 'type'; readonly name: string }[] | undefined {
  const name = type.startsWith('FHIR.') ? type.slice('FHIR.'.length) : type
  return name.includes('.') ? undefined : [{ kind: 'type', name }]
}

/** `extension('url')`: the extensions with that address. */
export function extensionSteps(
  url: Expression,
): readonly (
  | { readonly kind: 'child'; readonly name: string }
  | { readonly kind: 'where'; readonly criterion: Expression }
)[] {
  const own: Expression = { op: 'member', name: 'url', delimited: false }
  const criterion: Expression = { op: 'binary', operator: '=', left: own, right: url }
  return [
    { kind: 'child', name: 'extension' },
    { kind: 'where', criterion },
  ]
}
