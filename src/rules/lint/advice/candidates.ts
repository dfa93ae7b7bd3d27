import { type ElementTree, type ElementType, isPrimitive, type Member } from '../../../fhir/elements.js'
import { FUNCTIONS } from '../../evaluate/functions/functions.js'
import type { Call, Expression, MemberStep } from '../../expression/expression.js'
import { concrete } from '../elements/place.js'
import { renamesOf, versionsWith } from '../elements/versions.js'
import type { Fault } from '../judge/faults.js'
import { comparedKind } from '../judge/outcome.js'
import { conditionCandidates, failureCandidates } from './condition-candidates.js'
import { type Candidate, ofType, parentOf, step, text, typeName as typeNameLiteral } from './expressions.js'
import { editDistance, nearestName } from './nearest-name.js'

/** Lists what the author may have meant, most likely first. */
export function candidates(fault: Fault, whole: Expression, tree: ElementTree): readonly Candidate[] {
  const { expression } = fault
  const types = [...new Set(fault.places.flatMap(({ type }) => concrete(type, tree)))]
  switch (fault.kind) {
    case 'element':
      if (expression.op === 'member')
        return [
          ...elementCandidates(expression, whole, types, tree),
          ...startCandidates(expression, whole, { tree, isInCondition: fault.isInCondition }),
        ]
      return expression.op === 'call' ? searchCandidates(expression, whole, types, tree) : []
    case 'type':
      return expression.op === 'call' && /^nodesBy/.test(expression.name)
        ? searchCandidates(expression, whole, types, tree)
        : typeCandidates(expression, whole, types, tree)
    case 'argument':
      return argumentCandidates(expression, tree)
    case 'condition':
    case 'pointless':
      return conditionCandidates(fault, whole, types)
    case 'fails':
    case 'partly-fails':
      return failureCandidates(fault, types)
  }
}

const membersOf = (types: readonly ElementType[]): readonly Member[] =>
  types.flatMap((type) => [...type.members.values()])

const namesOf = (types: readonly ElementType[]): ReadonlySet<string> =>
  new Set(membersOf(types).map(({ name }) => name))

function elementCandidates(
  target: MemberStep,
  whole: Expression,
  types: readonly ElementType[],
  tree: ElementTree,
): Candidate[] {
  const { name, input } = target
  if (name === 'resourceType') return typeTest(target, whole, tree)
  const members = membersOf(types)
  const found: Expression[] = []
  const nearest = nearestName(name, namesOf(types))
  found.push(...callMeant(target))
  if (input !== undefined && name === 'value' && types.length > 0 && types.every(isPrimitive))
    found.push(input)
  const quoted = isOperand(whole, target) ? [text(name)] : []
  if (
    target.delimited ||
    nearest === undefined ||
    editDistance(nearest.toLowerCase(), name.toLowerCase()) > 1
  )
    found.push(...quoted)
  for (const { key, name: own, type } of members)
    if (key.toLowerCase() === name.toLowerCase() && key !== own)
      found.push(ofType(step(own, input), type.name))
  if (nearest !== undefined) found.push(step(nearest, input))
  const key = nearestName(name, new Set(members.map((member) => member.key)))
  for (const member of members)
    if (member.key === key && member.key !== member.name)
      found.push(ofType(step(member.name, input), member.type.name))
  found.push(
    ...codeableReference(target, members),
    ...renamesOf(target.name, types).map((own) => step(own, input)),
  )
  if (versionsWith(name, types, tree).length === 0) found.push(...oneDeeper(target, members, tree))
  found.push(...quoted)
  return found.map((by) => ({ target, by }))
}

/** Replaces `resourceType = 'Patient'`, as JSON has it, by `is Patient`. */
function typeTest(target: MemberStep, whole: Expression, tree: ElementTree): Candidate[] {
  const parent = parentOf(whole, target)
  if (parent?.op !== 'binary' || parent.operator !== '=') return []
  const other = parent.left === target ? parent.right : parent.left
  if (other.op !== 'literal' || other.kind !== 'string' || !tree.resources.has(other.text)) return []
  const input = target.input ?? ({ op: 'this' } as const)
  return [{ target: parent, by: { op: 'type', operator: 'is', input, type: other.text } }]
}

/** Replaces `use.exists` by `use.exists()`. */
const callMeant = ({ name, input }: MemberStep): Expression[] => {
  const row = FUNCTIONS.get(name)
  if (row === undefined || input === undefined || row.args.length > (row.optional ?? 0)) return []
  return [{ op: 'call', name, args: [], input }]
}

/**
 * The start of an expression that is in the way: `name` in `Patient.name.where(name.use = 'x')`, `patient` in
 * `Patient.name | patient.telecom`, `Resource` in `Bundle.entry.Resource.name`.
 */
function startCandidates(
  target: MemberStep,
  whole: Expression,
  { tree, isInCondition }: { readonly tree: ElementTree; readonly isInCondition: boolean },
): Candidate[] {
  const found: Candidate[] = []
  const parent = parentOf(whole, target)
  if (isInCondition && target.input === undefined && parent?.op === 'member')
    found.push({ target: parent, by: step(parent.name, undefined) })
  const { input } = target
  if (input?.op !== 'member') return found
  const type = [...tree.resources.keys()].find((name) => name.toLowerCase() === input.name.toLowerCase())
  if (type !== undefined && type !== input.name) found.push({ target: input, by: step(type, input.input) })
  if (input.name === 'Resource') found.push({ target: input, by: step('resource', input.input) })
  return found
}

/** `reasonCode` became the concept of `reason` in R5, `reasonReference` its reference. */
function codeableReference({ name, input }: MemberStep, members: readonly Member[]): Expression[] {
  const parts = /^(.+?)(Code|CodeableConcept|Concept|Reference)$/.exec(name)
  if (parts === null) return []
  const part = parts[2] === 'Reference' ? 'reference' : 'concept'
  return members
    .filter((member) => member.name === parts[1] && member.type.name === 'CodeableReference')
    .map((member) => step(part, step(member.name, input)))
}

/** Suggests `Patient.name.family` for `Patient.family`. */
function oneDeeper({ name, input }: MemberStep, members: readonly Member[], tree: ElementTree): Expression[] {
  const wanted = name.toLowerCase()
  return members
    .filter(({ name: own }) => !/^(?:extension|modifierExtension|contained)$/.test(own))
    .flatMap((member) => {
      if (member.type === tree.anyResource)
        return tree.resources.has(name) ? [step(name, step(member.name, input))] : []
      return [...member.type.members.values()]
        .filter((inner) => inner.name.toLowerCase() === wanted)
        .map((inner) => step(inner.name, step(member.name, input)))
    })
}

/** Whether a bare name is used where a text may be meant: compared, in a list, or as an argument. */
function isOperand(whole: Expression, target: MemberStep): boolean {
  if (target.input !== undefined) return false
  const parent = parentOf(whole, target)
  if (parent?.op === 'binary') {
    if (parent.operator === '|') return parentOf(whole, parent)?.op === 'binary'
    const other = parent.left === target ? parent.right : parent.left
    return other.op !== 'literal' && !/^(?:and|or|xor|implies)$/.test(parent.operator)
  }
  if (parent?.op !== 'call') return false
  const kind = FUNCTIONS.get(parent.name)?.args[parent.args.indexOf(target)]
  return kind === 'text' || kind === 'pattern' || kind === 'name'
}

/** Corrects `nodesByType('HumanNames')`, `nodesByName('birthdate')`, and one used for the other. */
function searchCandidates(
  target: Call,
  whole: Expression,
  types: readonly ElementType[],
  tree: ElementTree,
): Candidate[] {
  const [argument] = target.args
  if (argument?.op !== 'literal') return []
  const wanted = argument.text
  const names = allNames(types, tree)
  const typeNames = new Set([...tree.dataTypes.keys(), ...tree.resources.keys()])
  const call = (name: string, content: string): Expression => ({ ...target, name, args: [text(content)] })
  const byType = target.name === 'nodesByType'
  const found: Candidate[] = []
  const add = (name: string, content: string | undefined): void => {
    if (content !== undefined) found.push({ target, by: call(name, content) })
  }
  const last = /(?:^FHIR\.|\/)([A-Za-z]+)$/.exec(wanted)?.[1]
  if (byType && last !== undefined && typeNames.has(last)) add(target.name, last)
  add(target.name, nearestName(wanted, byType ? typeNames : names))
  if (!byType) found.push(...choicesNamed(target, types, tree))
  if (byType && names.has(wanted)) add('nodesByName', wanted)
  if (!byType && typeNames.has(wanted)) add('nodesByType', wanted)
  const parent = parentOf(whole, target)
  if (byType && parent?.op === 'member') {
    const joined = `${wanted}${parent.name.charAt(0).toUpperCase()}${parent.name.slice(1)}`
    if (typeNames.has(joined)) found.push({ target: parent, by: call('nodesByType', joined) })
  }
  add(byType ? 'nodesByName' : 'nodesByType', nearestName(wanted, byType ? names : typeNames))
  return found
}

/** Corrects `nodesByName('valueString')`: JSON names of choice elements. */
function choicesNamed(target: Call, types: readonly ElementType[], tree: ElementTree): Candidate[] {
  const [argument] = target.args
  if (argument?.op !== 'literal') return []
  const wanted = argument.text.toLowerCase()
  return [...new Set([...types, ...tree.dataTypes.values()])]
    .flatMap((type) => [...type.members.values()])
    .filter(({ key, name }) => key.toLowerCase() === wanted && key !== name)
    .slice(0, 1)
    .map(({ name, type }) => ({ target, by: ofType({ ...target, args: [text(name)] }, type.name) }))
}

function allNames(types: readonly ElementType[], tree: ElementTree): ReadonlySet<string> {
  const names = new Set<string>()
  for (const type of new Set([...types, ...tree.dataTypes.values()]))
    for (const { name, type: inner } of type.members.values()) {
      names.add(name)
      for (const deeper of inner.members.values()) names.add(deeper.name)
    }
  return names
}

/** Corrects `as`, `ofType` and `is` with a type that the element never has. */
function typeCandidates(
  expression: Expression,
  whole: Expression,
  types: readonly ElementType[],
  tree: ElementTree,
): Candidate[] {
  if (expression.op !== 'call' && expression.op !== 'type') return []
  const wanted = typeNameOf(expression).replace(/^(?:FHIR|System)\./, '')
  const found: Candidate[] = []
  const own = new Set(types.map(({ name }) => name))
  const nearest = nearestName(wanted, own)
  if (nearest !== undefined) found.push({ target: expression, by: withType(expression, nearest) })
  const known = nearestName(wanted, [...tree.dataTypes.keys(), ...tree.resources.keys()])
  const { input } = expression
  const [typeName = '', ...steps] = wanted.split('.')
  if (steps.length > 0)
    found.push({
      target: expression,
      by: steps.reduce<Expression>((before, name) => step(name, before), withType(expression, typeName)),
    })
  const moments = types.filter((type) => comparedKind(type) === 'moment')
  const [moment] = moments
  const isMoment = /^(?:date|dateTime|instant)$/.test(wanted)
  if (isMoment && moment !== undefined && moments.length === 1 && moment.name !== 'time')
    found.push({ target: expression, by: withType(expression, moment.name) })
  for (const { name, type } of membersOf(types)) {
    if (type.name !== known || input === undefined) continue
    const parent = parentOf(whole, expression)
    if (parent?.op === 'member' && parent.name === name)
      found.push({ target: parent, by: withType({ ...expression, input: step(name, input) }, known) })
    else found.push({ target: expression, by: withType({ ...expression, input: step(name, input) }, known) })
  }
  if (own.size === 1) {
    // The element has only one type, so the filter is superfluous.
    const [primitive] = types
    if (input !== undefined && primitive !== undefined && isPrimitive(primitive))
      found.push({ target: expression, by: input })
  }
  return found
}

const typeNameOf = (expression: Expression & { op: 'call' | 'type' }): string => {
  if (expression.op === 'type') return expression.type
  const [type] = expression.args
  return type?.op === 'literal' ? type.text : ''
}

const withType = (expression: Expression & { op: 'call' | 'type' }, type: string): Expression =>
  expression.op === 'type' ? { ...expression, type } : { ...expression, args: [typeNameLiteral(type)] }

/** Corrects `nodesByType(HumanName)` and `nodesByType("HumanName")`: the argument must be a text. */
function argumentCandidates(expression: Expression, tree: ElementTree): Candidate[] {
  if (expression.op !== 'call') return []
  const [argument] = expression.args
  if (argument?.op !== 'member') return []
  const quoted = { target: expression, by: { ...expression, args: [text(argument.name)] } }
  const nearest = nearestName(argument.name, tree.dataTypes.keys())
  if (nearest === undefined) return [quoted]
  return [quoted, { target: expression, by: { ...expression, args: [text(nearest)] } }]
}
