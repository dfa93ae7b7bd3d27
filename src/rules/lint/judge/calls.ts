import { patternOf } from '../../evaluate/values/strings.js'
import type { Expression } from '../../path/parser.js'
import { codesAt } from '../elements/bindings.js'
import { descendantsOf, type Place } from '../elements/place.js'
import type { FaultFacts } from './faults.js'
import type { Frame, Judge } from './judge.js'
import {
  either,
  isNothing,
  NEVER,
  NOTHING,
  nodes,
  type Outcome,
  UNKNOWN,
  type ValueKind,
  value,
} from './outcome.js'

type Call = Extract<Expression, { op: 'call' }>
type JudgedCall = (judge: Judge, call: Call, input: Outcome, frame: Frame) => Outcome

const HOLDS = value('boolean')

/** What a function gives, with what is wrong about its arguments (`rules/evaluate/evaluate.ts`). */
export function judgeCall(judge: Judge, call: Call, input: Outcome, frame: Frame): Outcome {
  const known = CALLS[call.name]
  return known === undefined ? onValues(judge, call, input, frame) : known(judge, call, input, frame)
}

const each = (judge: Judge, call: Call, input: Outcome): Outcome =>
  isNothing(input) ? NOTHING : judge.run(call.args[0], { focus: input, self: input, isCondition: true })

const argument = (judge: Judge, call: Call, frame: Frame, at = 0): Outcome =>
  judge.run(call.args[at], { ...frame, focus: frame.self, isCondition: true })

/** Whether a condition can hold; one that cannot, without anything wrong inside of it, is a fault itself. */
function holds(judge: Judge, call: Call, input: Outcome, frame: Frame): boolean {
  if (isNothing(input)) return false
  const outcome = each(judge, call, input)
  judge.needsCondition(call.args[0], outcome, { ...frame, isCondition: true })
  const { neverTrue } = outcome
  const text = 'the condition never holds'
  judge.note(call, frame, neverTrue ? { kind: 'condition', text, places: [] } : undefined)
  return !neverTrue
}

const same: JudgedCall = (_, __, input) => input
const truth: JudgedCall = () => HOLDS
const withArgument: JudgedCall = (judge, call, input, frame) => {
  argument(judge, call, frame)
  return input
}
const counted: JudgedCall = (judge, call, input, frame) => {
  judge.needsInteger(call, call.args[0], { ...frame, focus: frame.self })
  return input
}
const exists: JudgedCall = (judge, call, input, frame) => {
  if (isNothing(input)) return NEVER
  return call.args.length === 0 || holds(judge, call, input, frame) ? HOLDS : NEVER
}
const joined: JudgedCall = (judge, call, input, frame) =>
  either(input, judge.run(call.args[0], { ...frame, focus: frame.self }))
const narrowed =
  (operator: 'is' | 'as'): JudgedCall =>
  (judge, call, _, frame) => {
    const [type] = call.args
    return judge.typed(call, operator, type.op === 'literal' ? type.text : '', frame)
  }

const CALLS: Readonly<Record<string, JudgedCall>> = {
  where: (judge, call, input, frame) =>
    holds(judge, call, input, frame) ? narrowedTo(typeOf(call.args[0]), judge, input) : NOTHING,
  select: (judge, call, input, { isCondition }) =>
    isNothing(input) ? NOTHING : judge.run(call.args[0], { focus: input, self: input, isCondition }),
  exists,
  any: exists,
  all: (judge, call, input, frame) => {
    const outcome = each(judge, call, input)
    if (!isNothing(input)) judge.needsCondition(call.args[0], outcome, { ...frame, isCondition: true })
    return HOLDS
  },
  not: (judge, call, input, frame) => {
    if (isNothing(input)) return NOTHING
    if (call.input !== undefined) judge.needsCondition(call.input, input, { ...frame, isCondition: true })
    return HOLDS
  },
  empty: truth,
  isDistinct: truth,
  allTrue: truth,
  anyTrue: (_, __, input) => (isNothing(input) ? NEVER : HOLDS),
  allFalse: truth,
  anyFalse: (_, __, input) => (isNothing(input) ? NEVER : HOLDS),
  count: () => value('number'),
  first: same,
  last: same,
  single: same,
  tail: same,
  distinct: same,
  trace: same,
  skip: counted,
  take: counted,
  children: (judge, _, { places }) => onPlaces(places, (all) => judge.children(all, () => true)),
  descendants: (judge, _, { places }) => onPlaces(places, (all) => descendants(judge, all)),
  repeat: repeated,
  nodesByType: (judge, call, input, frame) => judge.search(call, input, frame),
  nodesByName: (judge, call, input, frame) => judge.search(call, input, frame),
  ofType: narrowed('as'),
  as: narrowed('as'),
  is: narrowed('is'),
  extension,
  union: joined,
  combine: joined,
  intersect: withArgument,
  exclude: withArgument,
  subsetOf: (judge, call, _, frame) => {
    argument(judge, call, frame)
    return HOLDS
  },
  supersetOf: (judge, call, _, frame) => {
    argument(judge, call, frame)
    return HOLDS
  },
  iif: (judge, call, input, frame) => {
    const inner: Frame = { focus: input, self: input, isCondition: true }
    const outcome = judge.run(call.args[0], inner)
    judge.needsCondition(call.args[0], outcome, inner)
    const { neverTrue } = outcome
    const branches = call.args
      .slice(1)
      .map((branch) => judge.run(branch, { ...inner, isCondition: frame.isCondition }))
    const [yes = NOTHING, no = NOTHING] = branches
    return neverTrue ? no : either(yes, no)
  },
  today: () => value('moment'),
  now: () => value('moment'),
  timeOfDay: () => value('moment'),
  aggregate: () => UNKNOWN,
  defineVariable: () => UNKNOWN,
}

/** The type that `$this is T` asks for. */
function typeOf(condition: Expression): string | undefined {
  if (condition.op === 'type' && condition.operator === 'is' && condition.input.op === 'this')
    return condition.type
  if (condition.op !== 'call' || condition.name !== 'is' || condition.input?.op !== 'this') return undefined
  const [type] = condition.args
  return type.op === 'literal' ? type.text : undefined
}

const narrowedTo = (type: string | undefined, judge: Judge, input: Outcome): Outcome =>
  type === undefined || input.places === undefined
    ? input
    : { ...input, places: judge.ofType(input.places, type) }

const onPlaces = (
  places: readonly Place[] | undefined,
  next: (places: readonly Place[]) => readonly Place[],
): Outcome => (places === undefined ? UNKNOWN : nodes(next(places)))

function descendants(judge: Judge, places: readonly Place[]): readonly Place[] {
  const types = [...new Set(places.map(({ type }) => type))]
  const [first] = types
  if (first !== undefined && types.length === 1) return descendantsOf(first, judge.tree)
  const found = new Map<string, Place>()
  for (const type of types)
    for (const place of descendantsOf(type, judge.tree)) found.set(`${place.name} ${place.type.id}`, place)
  return [...found.values()]
}

const MOST_ROUNDS = 12

function repeated(judge: Judge, call: Call, input: Outcome, { isCondition }: Frame): Outcome {
  const found = new Map<string, Place>()
  let { places } = input
  for (let round = 0; round < MOST_ROUNDS && places !== undefined && places.length > 0; round++) {
    const focus = nodes(places)
    const next: Outcome = judge.run(call.args[0], { focus, self: focus, isCondition })
    if (next.places === undefined || next.values?.size !== 0) return UNKNOWN
    places = next.places.filter(({ type, name }) => !found.has(`${name} ${type.id}`))
    for (const place of places) found.set(`${place.name} ${place.type.id}`, { ...place, floating: true })
  }
  return places === undefined ? UNKNOWN : nodes([...found.values()])
}

function extension(judge: Judge, call: Call, input: Outcome, frame: Frame): Outcome {
  if (isNothing(input)) return NOTHING
  const url = argument(judge, call, frame)
  if (isNothing(url)) return NOTHING
  if (input.places === undefined) return UNKNOWN
  const found = judge.childrenNamed(input.places, 'extension')
  judge.note(
    call,
    frame,
    found.length > 0 ? undefined : { kind: 'element', text: 'extension', places: input.places },
  )
  return nodes(found)
}

const ON_TEXT = new Set(
  'indexOf lastIndexOf startsWith endsWith contains matches split encode decode escape unescape substring replace replaceMatches length upper lower toChars trim'.split(
    ' ',
  ),
)
const ON_NUMBER = new Set('abs ceiling exp floor ln sqrt truncate round log power'.split(' '))
const RESULTS: readonly (readonly [ValueKind, RegExp])[] = [
  ['boolean', /^(?:startsWith|endsWith|contains|matches|convertsTo.*|toBoolean)$/],
  [
    'number',
    /^(?:indexOf|lastIndexOf|length|toInteger|toDecimal|abs|ceiling|exp|floor|ln|sqrt|truncate|round|log|power)$/,
  ],
  ['moment', /^to(?:Date|DateTime|Time)$/],
  ['quantity', /^toQuantity$/],
]

/** Functions on values: they fail on complex elements and on values of another kind. */
function onValues(judge: Judge, call: Call, input: Outcome, frame: Frame): Outcome {
  const args = call.args.map((_, at) => argument(judge, call, frame, at))
  if (isNothing(input)) return NOTHING
  if (!judge.needsValue(call, input, frame)) return NOTHING
  const wanted = ON_TEXT.has(call.name) ? 'string' : ON_NUMBER.has(call.name) ? 'number' : undefined
  if (wanted !== undefined && !mayBe(input, wanted)) {
    const text = wanted === 'string' ? `${call.name}() needs a text` : `${call.name}() needs a number`
    judge.note(call, frame, { kind: 'fails', text, places: input.places ?? [] })
    return NOTHING
  }
  judge.note(call, frame, textFaultOf(judge, call, input) ?? judge.partlyFails(input))
  if (ON_TEXT.has(call.name) && args.some(isNothing)) return NOTHING
  return value(RESULTS.find(([, names]) => names.test(call.name))?.[0] ?? 'string')
}

/** A part of a text that no code of the element has, or an invalid pattern. */
function textFaultOf(judge: Judge, { name, args }: Call, { places }: Outcome): FaultFacts | undefined {
  const [wanted] = args
  if (wanted?.op !== 'literal' || wanted.kind !== 'string') return undefined
  const { text } = wanted
  const pattern = /^(?:matches|replaceMatches)$/.test(name) ? patternOf(text) : undefined
  if (pattern === 'invalid') return { kind: 'fails', text: 'it is not a regular expression', places: [] }
  const codes = codesAt(places, judge.tree.version)
  const test = codeTest(name, text, pattern)
  if (codes === undefined || test === undefined || [...codes].some(test)) return undefined
  const message = `${name}('${text}') holds for none of the codes ${[...codes].join(', ')}`
  return { kind: 'pointless', text: message, places: [], codes: [...codes] }
}

function codeTest(
  name: string,
  text: string,
  pattern: RegExp | undefined,
): ((code: string) => boolean) | undefined {
  if (name === 'startsWith') return (code) => code.startsWith(text)
  if (name === 'endsWith') return (code) => code.endsWith(text)
  if (name === 'contains') return (code) => code.includes(text)
  return name === 'matches' && pattern !== undefined ? (code) => pattern.test(code) : undefined
}

/** Whether it can be a text or a number. A date is evaluated as a text only if it is not a valid one. */
const mayBe = ({ places, values }: Outcome, kind: 'string' | 'number'): boolean =>
  places === undefined ||
  values === undefined ||
  values.has(kind) ||
  places.some(
    ({ type: { jsonKind, name } }) =>
      (kind === 'string'
        ? jsonKind === 'string' && !/^(?:date|dateTime|instant|time)$/.test(name)
        : jsonKind === 'number') || name === 'integer64',
  )
