import type { Expression } from '../expression/expression.js'
import { parseExpression } from './parser.js'
import { ExpressionError } from './tokens.js'

/** A rule's path, split as the original splits it (law 3.1, 3.4). */
export interface RulePath {
  readonly text: string
  /** The leading name, which says which resources the rule applies to; '' if there is none. */
  readonly resourceType: string
  /** How the rule's nodes are found. */
  readonly form:
    | FastForm
    | { readonly kind: 'resource' }
    | { readonly kind: 'expression'; readonly expression: Expression }
}

/** `nodesByType('T')` or `nodesByName('n')`, optionally with one step, is looked up in an index. */
export interface FastForm {
  readonly kind: 'byType' | 'byName'
  readonly name: string
  readonly step: string | undefined
}

const FAST = /^nodesBy(Type|Name)\((?:'([A-Za-z0-9]+)'|"([A-Za-z0-9]+)")\)(?:\.([A-Za-z0-9]+))?$/
const LEADING = /^([A-Z][A-Za-z]*)?\.?([\s\S]*)$/

/** Splits and parses a path. Throws ExpressionError if `checkRulePath` reports a problem. */
export function parseRulePath(text: string): RulePath {
  const fast = FAST.exec(text)
  if (fast !== null)
    return {
      text,
      resourceType: '',
      form: { kind: fast[1] === 'Type' ? 'byType' : 'byName', name: fast[2] ?? fast[3] ?? '', step: fast[4] },
    }
  const parts = LEADING.exec(text)
  const resourceType = parts?.[1] ?? ''
  const rest = parts?.[2] ?? ''
  // The whole path must compile, although only the rest of it is evaluated.
  const whole = parseExpression(text)
  if (rest === '') return { text, resourceType, form: { kind: 'resource' } }
  const expression = resourceType === '' && rest === text ? whole : parseExpression(rest)
  return { text, resourceType, form: { kind: 'expression', expression } }
}

/** Returns the fault of a rule's path; undefined if it compiles. */
export function checkRulePath(text: string): string | undefined {
  try {
    parseRulePath(text)
    return undefined
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    return `${error.message} (at character ${error.offset + 1})`
  }
}

/** Whether a rule for that type runs on resources of this type. */
export const appliesTo = (path: RulePath, resourceType: string): boolean =>
  path.resourceType === '' ||
  path.resourceType === resourceType ||
  path.resourceType === 'Resource' ||
  path.resourceType === 'DomainResource'
