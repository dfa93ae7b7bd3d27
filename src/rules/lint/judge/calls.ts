import { FUNCTIONS } from '../../evaluate/functions/functions.js'
import type { FunctionRow, Gives } from '../../evaluate/functions/row.js'
import type { Call, Expression } from '../../expression/expression.js'
import { descendantsOf, type Place } from '../elements/place.js'
import type { Frame, Judge } from './judge.js'
import { either, isNothing, NEVER, NOTHING, nodes, type Outcome, UNKNOWN, value } from './outcome.js'
import { argumentFault, kindFault } from './value-faults.js'

/** A call being judged, and what its input can be. */
interface JudgedCall {
  readonly judge: Judge
  readonly call: Call
  readonly row: FunctionRow
  readonly input: Outcome
  readonly frame: Frame
}

const HOLDS = value('boolean')

/** Judges what a function gives, and the faults of its input and arguments. */
export function judgeCall(judge: Judge, call: Call, input: Outcome, frame: Frame): Outcome {
  const row = FUNCTIONS.get(call.name)
  if (row === undefined) return UNKNOWN
  const judged = { judge, call, row, input, frame }
  return row.takes === 'anything' ? GIVEN[row.gives](judged, argumentsOf(judged)) : onValues(judged)
}

/** Judges the arguments that are evaluated in the caller's context; others are judged with the result. */
const argumentsOf = ({ judge, call, row, frame }: JudgedCall): readonly Outcome[] =>
  call.args.flatMap((argument, at) => {
    const own = { ...frame, focus: frame.self }
    const inner = { ...own, isCondition: true }
    switch (row.args[at]) {
      case 'count':
        if (row.takes !== 'anything') return [judge.run(argument, inner)]
        judge.needsInteger(call, argument, own)
        return []
      case 'collection':
        return [judge.run(argument, row.gives === 'both inputs' ? own : inner)]
      case 'text':
      case 'pattern':
      case 'number':
        return row.gives === 'input' ? [] : [judge.run(argument, inner)]
      default:
        return []
    }
  })

function each({ judge, call, row, input, frame }: JudgedCall, isCondition: boolean): Outcome {
  const [argument] = call.args
  if (isNothing(input) || argument === undefined) return NOTHING
  const hasTotal = row.gives === 'anything' || frame.hasTotal
  return judge.run(argument, { focus: input, self: input, isCondition, hasTotal })
}

/** Whether a condition can hold. One that cannot, without a fault inside it, is a fault itself. */
function holds(judged: JudgedCall): boolean {
  const { judge, call, input, frame } = judged
  const [condition] = call.args
  if (isNothing(input) || condition === undefined) return false
  const outcome = each(judged, true)
  judge.needsCondition(condition, outcome, { ...frame, isCondition: true })
  const { neverTrue } = outcome
  const text = 'the condition never holds'
  judge.note(call, frame, neverTrue ? { kind: 'condition', text, places: [] } : undefined)
  return !neverTrue
}

const always =
  (outcome: Outcome): Judgement =>
  () =>
    outcome

type Judgement = (judged: JudgedCall, args: readonly Outcome[]) => Outcome

/** Results of calls, by the kind of result of their functions. */
const GIVEN: Readonly<Record<Gives, Judgement>> = {
  boolean: (judged) => {
    const { judge, call, row, input, frame } = judged
    const [argument] = call.args
    if (row.args[0] === 'type')
      return judge.typed(call, { operator: 'is', typeName: typeNameOf(argument) }, input, frame)
    if (row.args[0] === 'condition' && argument !== undefined && !isNothing(input))
      judge.needsCondition(argument, each(judged, true), { ...frame, isCondition: true })
    return HOLDS
  },
  number: always(value('number')),
  string: always(value('string')),
  moment: always(value('moment')),
  quantity: always(value('quantity')),
  'boolean of items': (judged) => {
    if (isNothing(judged.input)) return NEVER
    return judged.call.args.length === 0 || holds(judged) ? HOLDS : NEVER
  },
  'boolean of condition': ({ judge, call, input, frame }) => {
    if (isNothing(input)) return NOTHING
    if (call.input !== undefined) judge.needsCondition(call.input, input, { ...frame, isCondition: true })
    return HOLDS
  },
  input: ({ input }) => input,
  'input that fits': (judged) => (holds(judged) ? narrowed(judged) : NOTHING),
  'input of a type': ({ judge, call, input, frame }) =>
    judge.typed(call, { operator: 'as', typeName: typeNameOf(call.args[0]) }, input, frame),
  'both inputs': ({ input }, [other = NOTHING]) => either(input, other),
  children: ({ judge, input }) => onPlaces(input, (places) => judge.children(places, () => true)),
  descendants: ({ judge, input }) => onPlaces(input, (places) => descendants(judge, places)),
  'elements by type': ({ judge, call, input, frame }) => judge.search(call, input, frame),
  'elements by name': ({ judge, call, input, frame }) => judge.search(call, input, frame),
  extensions: extension,
  projection: (judged) => each(judged, judged.frame.isCondition),
  'repeated projection': repeated,
  'one of two branches': chosen,
  anything: (judged) => {
    each(judged, true)
    return UNKNOWN
  },
  failure: ({ judge, call, frame }) => {
    judge.note(call, frame, { kind: 'fails', text: `${call.name}() is not supported`, places: [] })
    return NOTHING
  },
}

const typeNameOf = (argument: Expression | undefined): string =>
  argument?.op === 'literal' ? argument.text : ''

/** `where($this is T)` keeps only elements of that type. */
function narrowed({ judge, call, input }: JudgedCall): Outcome {
  const type = typeAskedFor(call.args[0])
  if (type === undefined || input.places === undefined) return input
  return { ...input, places: judge.ofType(input.places, type) }
}

function typeAskedFor(condition: Expression | undefined): string | undefined {
  if (condition?.op === 'type' && condition.operator === 'is' && condition.input.op === 'this')
    return condition.type
  if (condition?.op !== 'call' || condition.name !== 'is' || condition.input?.op !== 'this') return undefined
  return typeNameOf(condition.args[0])
}

function onPlaces({ places }: Outcome, next: (places: readonly Place[]) => readonly Place[]): Outcome {
  return places === undefined ? UNKNOWN : nodes(next(places))
}

function descendants(judge: Judge, places: readonly Place[]): readonly Place[] {
  const types = [...new Set(places.map(({ type }) => type))]
  const [first] = types
  if (first !== undefined && types.length === 1) return descendantsOf(first, judge.tree)
  const found = new Map<string, Place>()
  for (const type of types)
    for (const place of descendantsOf(type, judge.tree)) found.set(`${place.name} ${place.type.id}`, place)
  return [...found.values()]
}

const MAX_ROUNDS = 12

function repeated(judged: JudgedCall): Outcome {
  const { judge, call, input, frame } = judged
  const [projection] = call.args
  if (input.values?.size !== 0) {
    each(judged, frame.isCondition)
    return UNKNOWN
  }
  const found = new Map<string, Place>()
  let { places } = input
  for (let round = 0; round < MAX_ROUNDS && places !== undefined && places.length > 0; round++) {
    const focus = nodes(places)
    const next: Outcome =
      projection === undefined ? NOTHING : judge.run(projection, { ...frame, focus, self: focus })
    if (next.places === undefined || next.values?.size !== 0) return UNKNOWN
    places = next.places.filter(({ type, name }) => !found.has(`${name} ${type.id}`))
    for (const place of places) found.set(`${place.name} ${place.type.id}`, { ...place, floating: true })
  }
  return places === undefined ? UNKNOWN : nodes([...found.values()])
}

function chosen({ judge, call, input, frame }: JudgedCall): Outcome {
  const [condition, ...branches] = call.args
  const inner: Frame = { ...frame, focus: input, self: input, isCondition: true }
  const outcome = condition === undefined ? NOTHING : judge.run(condition, inner)
  if (condition !== undefined) judge.needsCondition(condition, outcome, inner)
  const [yes = NOTHING, no = NOTHING] = branches.map((branch) =>
    judge.run(branch, { ...inner, isCondition: frame.isCondition }),
  )
  return outcome.neverTrue ? no : either(yes, no)
}

function extension({ judge, call, input, frame }: JudgedCall, [url = NOTHING]: readonly Outcome[]): Outcome {
  const { places } = input
  if (isNothing(input) || isNothing(url)) return NOTHING
  if (places === undefined) return UNKNOWN
  const found = judge.childrenNamed(places, 'extension')
  const fault = { kind: 'element', text: 'extension', places } as const
  judge.note(call, frame, found.length > 0 ? undefined : fault)
  return nodes(found)
}

/** Judges functions on values, which fail on complex elements and on values of another kind. */
function onValues(judged: JudgedCall): Outcome {
  const { judge, call, row, input, frame } = judged
  const args = argumentsOf(judged)
  if (isNothing(input)) return NOTHING
  if (!judge.needsValue(call, input, frame)) return NOTHING
  const unfit = kindFault(call, row, input)
  judge.note(
    call,
    frame,
    unfit ?? argumentFault(call, row, input, judge.tree.version) ?? judge.partlyFails(input),
  )
  if (unfit !== undefined) return NOTHING
  const neededArgs = args.slice(0, row.args.length - (row.optional ?? 0))
  if (row.takes === 'string' && neededArgs.some(isNothing)) return NOTHING
  return GIVEN[row.gives](judged, args)
}
