import type { Call, Expression } from '../expression/expression.js'
import type { RulePath } from '../path/rule-path.js'

/** A step of a plain path, which selects elements by names and types alone. */
export type Step =
  | { readonly kind: 'child'; readonly name: string }
  | { readonly kind: 'children' | 'descendants' }
  /** Keeps the element if its type has exactly this name. */
  | { readonly kind: 'type'; readonly name: string }
  /**
   * Selects descendants by type or name, not inside child resources. `nested` is FHIRPath's nodesBy…, which includes the
   * element itself but no child resources; the fast form does the reverse (law 3.4, 3.5).
   */
  | { readonly kind: 'search'; readonly by: 'type' | 'name'; readonly name: string; readonly nested: boolean }

export type StepPath = readonly Step[]

/**
 * Returns the plain paths of a rule's path, one for each side of a union. Undefined if it needs the interpreter: an
 * index, `where` on values, or a function that looks at more than names and types.
 */
export function compilePath({ form }: RulePath): readonly StepPath[] | undefined {
  if (form.kind === 'resource') return [[]]
  if (form.kind === 'expression') return compileExpression(form.expression)
  const search = {
    kind: 'search',
    by: form.kind === 'byType' ? 'type' : 'name',
    name: form.name,
    nested: false,
  } as const
  return [form.step === undefined ? [search] : [search, ...nameSteps(form.step)]]
}

type Alternatives = readonly StepPath[] | undefined

function compileExpression(expression: Expression): Alternatives {
  switch (expression.op) {
    case 'this':
      return [[]]
    case 'member':
      if (expression.delimited && expression.name.endsWith('*')) return undefined
      return extend(expression.input, nameSteps(expression.name))
    case 'type':
      return expression.operator === 'as' ? extend(expression.input, typeSteps(expression.type)) : undefined
    case 'binary': {
      if (expression.operator !== '|') return undefined
      const left = compileExpression(expression.left)
      const right = compileExpression(expression.right)
      return left && right && [...left, ...right]
    }
    case 'call':
      return extend(expression.input, callSteps(expression))
    default:
      return undefined
  }
}

function extend(input: Expression | undefined, steps: readonly Step[] | undefined): Alternatives {
  const before = input === undefined ? [[]] : compileExpression(input)
  return steps && before?.map((path) => [...path, ...steps])
}

/** A capitalised name tests the type; `Resource` and `DomainResource` let everything pass. */
function nameSteps(name: string): readonly Step[] {
  const first = name.charCodeAt(0)
  if (first < 65 || first > 90) return [{ kind: 'child', name }]
  return name === 'Resource' || name === 'DomainResource' ? [] : [{ kind: 'type', name }]
}

function typeSteps(type: string): readonly Step[] | undefined {
  const name = type.startsWith('FHIR.') ? type.slice('FHIR.'.length) : type
  return name.includes('.') ? undefined : [{ kind: 'type', name }]
}

function callSteps({ name, args }: Call): readonly Step[] | undefined {
  const [argument] = args
  const isName = argument?.op === 'literal' && (argument.kind === 'string' || argument.kind === 'type')
  const text = isName ? argument.text : undefined
  switch (name) {
    case 'children':
    case 'descendants':
      return [{ kind: name }]
    case 'ofType':
    case 'as':
      return text === undefined ? undefined : typeSteps(text)
    case 'where':
      return argument?.op === 'type' && argument.operator === 'is' && argument.input.op === 'this'
        ? typeSteps(argument.type)
        : undefined
    case 'nodesByType':
    case 'nodesByName':
      if (text === undefined) return undefined
      return [{ kind: 'search', by: name === 'nodesByType' ? 'type' : 'name', name: text, nested: true }]
    default:
      return undefined
  }
}
