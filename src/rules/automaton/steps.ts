import type { ElementType } from '../../fhir/elements.js'
import { TreeNode } from '../../fhir/tree.js'
import { evaluate } from '../evaluate/evaluate.js'
import { EvaluationError } from '../evaluate/evaluation-error.js'
import type { Scope } from '../evaluate/scope.js'
import type { Call, Expression } from '../expression/expression.js'
import { rootMembers } from '../path/root-members.js'
import type { RulePath } from '../path/rule-path.js'
import { isTotal } from './predicates/certainty.js'
import { extensionSteps, nameSteps, typeSteps } from './predicates/path.js'

/** A step of a rule's path. */
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
  /** Keeps the element if it meets the criterion, which is compiled for the element's type. */
  | { readonly kind: 'where'; readonly criterion: Expression }
  /**
   * Needs the interpreter for every element that reaches it. `itself` is an index or `first()`, which may keep the
   * element; `anything` is `select()` and the like, which may select whatever is in it.
   */
  | { readonly kind: 'opaque'; readonly selects: 'itself' | 'anything' }

export type StepPath = readonly Step[]

/** Whether names and types alone decide what a path selects. */
export const isPlain = (paths: readonly StepPath[]): boolean =>
  paths.every((path) => path.every(({ kind }) => kind !== 'where' && kind !== 'opaque'))

/**
 * Whether evaluating a path from its step `at` may fail on some data. Then elements that reach it must not be passed
 * over, even if an earlier rule has claimed them.
 */
export const mayFail = (path: StepPath, at: number): boolean =>
  path.slice(at).some((step) => {
    if (step.kind === 'where') return !isTotal(step.criterion, undefined)
    return step.kind === 'opaque'
  })

/**
 * Returns the paths of a rule's path, one for each side of a union. Undefined if the whole rule needs the
 * interpreter, because the path may select something or fail in any resource.
 */
export function compilePath({ form }: RulePath): readonly StepPath[] | undefined {
  if (form.kind === 'resource') return [[]]
  if (form.kind === 'expression') return compileExpression(form.expression) ?? byMembers(form.expression)
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
    case 'at':
      return isCount(expression.position) ? extend(expression.input, ITSELF) : undefined
    default:
      return undefined
  }
}

/** A path that steps do not describe needs the interpreter wherever there is an element of the resource that it examines. */
function byMembers(expression: Expression): Alternatives {
  const names = rootMembers(expression)
  if (names === undefined || !isIdleOnNothing(expression)) return undefined
  return [...names].map((name) => [{ kind: 'child', name }, ...ANYTHING])
}

/** Whether an expression selects nothing and does not fail on a resource without elements. */
function isIdleOnNothing(expression: Expression): boolean {
  try {
    return evaluate(expression, NOTHING, NO_SCOPE).length === 0
  } catch (error) {
    if (error instanceof EvaluationError) return false
    throw error
  }
}

const NO_TYPE: ElementType = { id: '', name: '', jsonKind: 'object', isResource: true, members: new Map() }
const NOTHING = new TreeNode('', NO_TYPE, undefined)
const NO_SCOPE: Scope = { valueOf: () => undefined, variable: () => undefined, asOf: '2000-01-01', bytes: 0 }

function extend(input: Expression | undefined, steps: readonly Step[] | undefined): Alternatives {
  const before = input === undefined ? [[]] : compileExpression(input)
  return steps && before?.map((path) => [...path, ...steps])
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
      return argument && whereSteps(argument)
    case 'extension':
      return argument?.op === 'literal' && argument.kind === 'string' ? extensionSteps(argument) : undefined
    case 'first':
    case 'last':
    case 'tail':
    case 'single':
      return ITSELF
    case 'select':
      return ANYTHING
    case 'skip':
    case 'take':
      return isCount(argument) ? ITSELF : undefined
    case 'nodesByType':
    case 'nodesByName':
      if (text === undefined) return undefined
      return [{ kind: 'search', by: name === 'nodesByType' ? 'type' : 'name', name: text, nested: true }]
    default:
      return undefined
  }
}

function whereSteps(criterion: Expression): readonly Step[] {
  const types =
    criterion.op === 'type' && criterion.operator === 'is' && criterion.input.op === 'this'
      ? typeSteps(criterion.type)
      : undefined
  return types ?? [{ kind: 'where', criterion }]
}

const ITSELF: readonly Step[] = [{ kind: 'opaque', selects: 'itself' }]
const ANYTHING: readonly Step[] = [{ kind: 'opaque', selects: 'anything' }]

const isCount = (expression: Expression | undefined): boolean =>
  expression?.op === 'literal' && expression.kind === 'integer'
