import type { Expression } from '../../expression/expression.js'
import type { RulePath } from '../../path/rule-path.js'
import { isRoot, type Place } from '../elements/place.js'

/** Whether a rule claims a kind of node in every resource of its types, whatever the data. */
export type Cover = (place: Place, root: string) => boolean

/** Returns what the path claims unconditionally; `where`, `[0]`, `first()` and the like claim nothing for certain. */
export function coverOf(path: RulePath): Cover {
  const claims = claimsOf(path)
  const rootMatches = (root: string): boolean =>
    ['', 'Resource', 'DomainResource', root].includes(path.resourceType)
  return (place, root) => {
    if (claims.length === 0 || !rootMatches(root)) return false
    for (let node: Place | undefined = place; node !== undefined; node = node.parent) {
      const at: Place = node
      if (claims.some((claim) => claim(at))) return true
      // A claim does not enter child resources: each has its own turn, after its container.
      if (isChildResource(at)) return false
    }
    return claims.includes(wholeResource)
  }
}

const isChildResource = (place: Place): boolean => place.type.isResource && !isRoot(place)

/** Looks up types and names in the resource itself, not inside its child resources. */
function isOutsideChildResources({ parent }: Place): boolean {
  for (let node = parent; node !== undefined; node = node.parent) if (isChildResource(node)) return false
  return true
}

type Claim = (place: Place) => boolean

const wholeResource: Claim = isRoot

function claimsOf({ form }: RulePath): readonly Claim[] {
  if (form.kind === 'resource') return [wholeResource]
  if (form.kind === 'expression') return claimsOfExpression(form.expression)
  const { name, step } = form
  const hit = form.kind === 'byType' ? ofTypeAnywhere(name) : ofNameAnywhere(name)
  return [step === undefined ? hit : childOf(hit, step)]
}

const ofTypeAnywhere =
  (name: string): Claim =>
  (place) =>
    !isRoot(place) && place.type.name === name && isOutsideChildResources(place)

const ofNameAnywhere =
  (name: string): Claim =>
  (place) =>
    place.name === name && isOutsideChildResources(place)

const childOf =
  (parentClaim: Claim, name: string): Claim =>
  ({ name: own, parent }) =>
    own === name && parent !== undefined && parentClaim(parent)

function claimsOfExpression(expression: Expression): readonly Claim[] {
  if (expression.op === 'this') return [isRoot]
  if (expression.op === 'binary' && expression.operator === '|')
    return [...claimsOfExpression(expression.left), ...claimsOfExpression(expression.right)]
  if (expression.op === 'member') {
    const { name, input } = expression
    if (/^[A-Z]/.test(name) || name.endsWith('*')) return []
    const parents = input === undefined ? [isRoot] : claimsOfExpression(input)
    return parents.map((parent) => childOf(parent, name))
  }
  if (expression.op === 'type' && expression.operator === 'as')
    return narrowed(expression.input, expression.type)
  if (expression.op !== 'call') return []
  const [argument] = expression.args
  if (argument?.op !== 'literal') return []
  if ((expression.name === 'ofType' || expression.name === 'as') && expression.input !== undefined)
    return narrowed(expression.input, argument.text)
  if (expression.input !== undefined) return []
  if (expression.name === 'nodesByType') return [ofTypeAnywhere(argument.text)]
  if (expression.name === 'nodesByName') return [ofNameAnywhere(argument.text)]
  return []
}

const narrowed = (input: Expression, typeName: string): readonly Claim[] =>
  claimsOfExpression(input).map((claim) => (place) => place.type.name === typeName && claim(place))
