import type { Expression } from '../../path/parser.js'
import { answer, distinct, includes, NOTHING, single, truth } from './collections.js'
import { CONVERSIONS } from './conversions.js'
import {
  boolean,
  fail,
  type Item,
  type Items,
  integer,
  isNumber,
  isOfType,
  momentItem,
  string,
} from './item.js'
import { NUMBER_FUNCTIONS } from './numbers.js'
import type { Evaluate, Scope } from './scope.js'
import { INDEX_FUNCTIONS, STRING_FUNCTIONS } from './strings.js'

type Call = Extract<Expression, { op: 'call' }>

interface Context {
  readonly input: Items
  readonly scope: Scope
  readonly evaluate: Evaluate
}

/** A function's result. Fails where the original does: texts are asked of texts only, numbers of numbers. */
export function callFunction(call: Call, context: Context): Items {
  const { name } = call
  if (Object.hasOwn(STRING_FUNCTIONS, name)) return onString(call, context)
  if (Object.hasOwn(INDEX_FUNCTIONS, name)) return onStringAt(call, context)
  if (Object.hasOwn(NUMBER_FUNCTIONS, name)) return onNumber(call, context)
  if (Object.hasOwn(COLLECTION_FUNCTIONS, name)) return COLLECTION_FUNCTIONS[name](call, context)
  const conversion = /^(to|convertsTo)(.+)$/.exec(name)
  if (conversion === null || !Object.hasOwn(CONVERSIONS, conversion[2]))
    return fail(`${name}() has no result here`)
  const item = single(context.input)
  if (item === undefined) return NOTHING
  const converted = CONVERSIONS[conversion[2]](item)
  if (conversion[1] === 'convertsTo') return [boolean(converted !== undefined)]
  return converted === undefined ? NOTHING : [converted]
}

/** An argument is evaluated on the function's caller, not on its input. */
const argument = ({ args }: Call, position: number, { scope, evaluate }: Context): Item | undefined =>
  position < args.length ? single(evaluate(args[position], scope)) : undefined

function onString(call: Call, context: Context): Items {
  const item = single(context.input)
  if (item === undefined) return NOTHING
  if (item.kind !== 'string') return fail(`${call.name}() needs a text`)
  const texts: string[] = []
  for (let k = 0; k < call.args.length; k++) {
    const value = argument(call, k, context)
    if (value === undefined) return NOTHING
    if (value.kind !== 'string') return fail(`${call.name}() takes texts`)
    texts.push(value.text)
  }
  return STRING_FUNCTIONS[call.name](item.text, texts[0], texts[1])
}

function onStringAt(call: Call, context: Context): Items {
  const item = single(context.input)
  if (item === undefined) return NOTHING
  if (item.kind !== 'string') return fail(`${call.name}() needs a text`)
  const first = integerArgument(call, 0, context)
  if (first === undefined) return NOTHING
  return INDEX_FUNCTIONS[call.name](item.text, first, integerArgument(call, 1, context))
}

function integerArgument(call: Call, position: number, context: Context): number | undefined {
  const item = argument(call, position, context)
  if (item === undefined) return undefined
  return item.kind === 'integer' ? Number(item.value.units) : fail(`${call.name}() takes an integer`)
}

function onNumber(call: Call, context: Context): Items {
  const item = single(context.input)
  if (item === undefined) return NOTHING
  if (!isNumber(item)) return fail(`${call.name}() needs a number`)
  const value = argument(call, 0, context)
  if (value !== undefined && !isNumber(value)) return fail(`${call.name}() takes a number`)
  const result = NUMBER_FUNCTIONS[call.name](item, value)
  return result === undefined ? NOTHING : [result]
}

type CollectionFunction = (call: Call, context: Context) => Items

/** The scope of a criterion or projection on one of the input's items. */
const inside = (scope: Scope, item: Item, index: number): Scope => ({
  ...scope,
  focus: [item],
  self: [item],
  index,
})

const satisfies = ({ args }: Call, { scope, evaluate }: Context, item: Item, index: number): boolean =>
  truth(evaluate(args[0], inside(scope, item, index))) === true

const filtered: CollectionFunction = (call, context) =>
  context.input.filter((item, index) => satisfies(call, context, item, index))

const projected: CollectionFunction = ({ args }, { input, scope, evaluate }) =>
  input.flatMap((item, index) => evaluate(args[0], inside(scope, item, index)))

const exists: CollectionFunction = (call, context) =>
  answer((call.args.length === 0 ? context.input : filtered(call, context)).length > 0)

const other = ({ args }: Call, { scope, evaluate }: Context): Items => evaluate(args[0], scope)

const typeName = ({ args }: Call): string => (args[0].op === 'literal' ? args[0].text : '')

const count = (call: Call, context: Context): number =>
  integerArgument(call, 0, context) ?? fail(`${call.name}() takes an integer`)

const booleans = (input: Items, test: (value: boolean) => boolean): boolean[] =>
  input.map((item) => test(item.kind === 'boolean' ? item.value : true))

const COLLECTION_FUNCTIONS: Readonly<Record<string, CollectionFunction>> = {
  empty: (_, { input }) => [boolean(input.length === 0)],
  not: (_, { input }) => {
    const value = truth(input)
    return answer(value === undefined ? undefined : !value)
  },
  exists,
  any: exists,
  all: (call, context) => [boolean(filtered(call, context).length === context.input.length)],
  allTrue: (_, { input }) => [boolean(booleans(input, (value) => value).every(Boolean))],
  anyTrue: (_, { input }) => [boolean(booleans(input, (value) => value).some(Boolean))],
  allFalse: (_, { input }) => [boolean(booleans(input, (value) => !value).every(Boolean))],
  anyFalse: (_, { input }) => [boolean(booleans(input, (value) => !value).some(Boolean))],
  count: (_, { input }) => [integer(input.length)],
  distinct: (_, { input }) => distinct(input),
  isDistinct: (_, { input }) => [boolean(distinct(input).length === input.length)],
  single: (_, { input }) => {
    const item = single(input)
    return item === undefined ? NOTHING : [item]
  },
  first: (_, { input }) => input.slice(0, 1),
  last: (_, { input }) => input.slice(-1),
  tail: (_, { input }) => input.slice(1),
  skip: (call, context) => context.input.slice(Math.max(0, count(call, context))),
  take: (call, context) => context.input.slice(0, Math.max(0, count(call, context))),
  where: filtered,
  select: projected,
  repeat: repeated,
  ofType: (call, { input }) => input.filter((item) => isOfType(item, typeName(call))),
  as: (call, { input }) => input.filter((item) => isOfType(item, typeName(call))),
  is: (call, { input }) => {
    const item = single(input)
    return item === undefined ? NOTHING : [boolean(isOfType(item, typeName(call)))]
  },
  intersect: (call, context) =>
    distinct(context.input.filter((item) => includes(other(call, context), item))),
  exclude: (call, context) => context.input.filter((item) => !includes(other(call, context), item)),
  union: (call, context) => distinct([...context.input, ...other(call, context)]),
  combine: (call, context) => [...context.input, ...other(call, context)],
  subsetOf: (call, context) => {
    const whole = other(call, context)
    return [boolean(context.input.every((item) => includes(whole, item)))]
  },
  supersetOf: (call, context) => [
    boolean(other(call, context).every((item) => includes(context.input, item))),
  ],
  iif: ({ args }, { scope, evaluate, input }) => {
    const inner = input.length === 1 ? inside(scope, input[0], scope.index) : scope
    if (truth(evaluate(args[0], inner)) === true) return evaluate(args[1], inner)
    return args.length > 2 ? evaluate(args[2], inner) : NOTHING
  },
  join: (call, context) => {
    const separator = argument(call, 0, context)
    const texts = context.input.map((item) =>
      item.kind === 'string' ? item.text : fail('join() needs texts'),
    )
    if (texts.length === 0) return NOTHING
    return [string(texts.join(separator?.kind === 'string' ? separator.text : ''))]
  },
  trace: (_, { input }) => input,
  aggregate: ({ args }, { input, scope, evaluate }) =>
    input.reduce(
      (total, item, index) => evaluate(args[0], { ...inside(scope, item, index), total }),
      args.length > 1 ? evaluate(args[1], scope) : NOTHING,
    ),
  defineVariable: () => fail('defineVariable() is not supported on a value'),
  today: (_, { scope }) => [momentItem('date', scope.today) ?? fail('no reference day')],
  now: (_, { scope }) => [momentItem('dateTime', `${scope.today}T00:00:00Z`) ?? fail('no reference day')],
  timeOfDay: () => [momentItem('time', '00:00:00') ?? fail('no time')],
  children: () => NOTHING,
  descendants: () => NOTHING,
  extension: () => NOTHING,
  nodesByType: (call, context) =>
    context.input.filter(
      (item) => item.leafType !== undefined && item.leafType === argumentText(call, context),
    ),
  nodesByName: () => NOTHING,
}

const argumentText = (call: Call, context: Context): string | undefined => {
  const item = argument(call, 0, context)
  return item?.kind === 'string' ? item.text : undefined
}

const MOST_REPEATED_ITEMS = 10_000

function repeated({ args }: Call, { input, scope, evaluate }: Context): Items {
  const found: Item[] = []
  let next = input
  while (next.length > 0) {
    const results = next.flatMap((item, index) => evaluate(args[0], inside(scope, item, index)))
    next = distinct(results).filter((item) => !includes(found, item))
    found.push(...next)
    if (found.length > MOST_REPEATED_ITEMS) return fail('repeat() does not end')
  }
  return found
}
