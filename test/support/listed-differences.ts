import { type Expression, partsOf } from '../../src/rules/expression/expression.js'
import type { Given } from './hl7-fhirpath.js'

/** The operation that differs, what its operands are in our evaluator, and what both engines give. */
export interface Differing {
  /** The name of the function, the operator, or the kind of expression. */
  readonly operation: string
  readonly expression: Expression
  readonly operands: readonly Given[]
  readonly own: Given
  readonly hl7: Given
}

export interface ListedDifference {
  /** As docs/anonymizer.md has it. */
  readonly reason: string
  /** An expression on the patient of the test on which the engines differ, with what each gives. */
  readonly example: string
  readonly explains: (differing: Differing) => boolean
}

const failed = (given: Given): boolean => given === 'failed'
const isEmpty = (given: Given | undefined): boolean => given?.length === 0
const hasKind = (given: Given, kind: string): boolean =>
  given !== 'failed' && given.some((item) => item.startsWith(`${kind} `))
const some = (operands: readonly Given[], kind: string): boolean =>
  operands.some((operand) => hasKind(operand, kind))
const isSeveral = (given: Given | undefined): boolean =>
  given !== undefined && !failedOr(given) && given.length > 1
const failedOr = (given: Given): given is 'failed' => given === 'failed'
const isNotBoolean = (given: Given | undefined): boolean =>
  given !== undefined &&
  given !== 'failed' &&
  (given.length > 1 || given.some((item) => !item.startsWith('boolean ')))
const hasNoNumber = (given: Given): boolean =>
  given !== 'failed' && given.some((item) => /^number (?:NaN|-?Infinity)$/.test(item))

const among = (names: string): ((operation: string) => boolean) => {
  const all = new Set(names.split(' '))
  return (operation) => all.has(operation)
}

const onTexts = among(
  '& + length upper lower trim toChars indexOf lastIndexOf substring startsWith endsWith contains matches replace replaceMatches split join encode decode escape unescape',
)
const encodes = among('encode decode escape unescape')
const takesTruth = among('iif where exists all and or xor implies not allTrue anyTrue allFalse anyFalse')
const takesCount = among('at skip take substring round')

/** Where our evaluator, which follows the original's, and HL7's engine differ. Each explains the smallest part that differs. */
export const LISTED_DIFFERENCES: readonly ListedDifference[] = [
  {
    reason:
      "If the input is empty, the argument is not evaluated; in HL7's engine a wrong argument fails anyway.",
    example: 'language.substring(1.5)',
    explains: ({ operands, own, hl7 }) => isEmpty(own) && failed(hl7) && operands.some(isEmpty),
  },
  {
    reason:
      "A wrong input fails, whatever the argument; in HL7's engine the result is nothing if the argument is nothing.",
    example: 'true.power({})',
    explains: ({ operands, own, hl7 }) => failed(own) && isEmpty(hl7) && operands.slice(1).some(isEmpty),
  },
  {
    reason:
      "If a url is compared with something other than a text, no extension is found; HL7's engine fails.",
    example: 'extension(1)',
    explains: ({ operation, own, hl7 }) => operation === 'extension' && isEmpty(own) && failed(hl7),
  },
  {
    reason:
      "A decimal of more than 28 digits and an integer of more than 32 bits fail; in HL7's engine they are doubles.",
    example: '99.exp()',
    explains: ({ operation, own, hl7 }) =>
      /^(?:exp|power|ceiling|floor|truncate|[-+*/])$/.test(operation) &&
      failed(own) &&
      !failed(hl7) &&
      hasLarge(hl7),
  },
  {
    reason: "`round()` rounds half to even; HL7's engine rounds half up.",
    example: '2.5.round()',
    explains: ({ operation, own, hl7 }) => operation === 'round' && !failed(own) && !failed(hl7),
  },
  {
    reason: "A date-time converts to a date, with its offset; in HL7's engine it does not.",
    example: '@2015-02-07T10:00:00Z.toDate()',
    explains: ({ operation, operands }) => /Date$/.test(operation) && some(operands, 'date'),
  },
  {
    reason:
      "Where a condition is expected, anything that is not a boolean counts as true; in HL7's engine it fails or counts as nothing.",
    example: "iif('a', 1, 2)",
    explains: ({ operation, operands }) =>
      takesTruth(operation) &&
      operands.some((operand, k) => (operation === 'iif' ? k === 1 : true) && isNotBoolean(operand)),
  },
  {
    reason:
      "An `iif` fails if an operand that it evaluates fails; in HL7's engine an `iif` whose condition counts as nothing evaluates other operands.",
    example: "iif('a', 1.upper(), 2)",
    explains: ({ operation, operands, own }) => operation === 'iif' && failed(own) && operands.some(failed),
  },
  {
    reason: "Functions and operators on texts fail on dates; in HL7's engine a date is also a text.",
    example: 'birthDate.length()',
    explains: ({ operation, operands, own }) => onTexts(operation) && failed(own) && some(operands, 'date'),
  },
  {
    reason:
      "Functions and operators on values fail on complex elements; in HL7's engine they return nothing, except that it computes with a Quantity.",
    example: 'name[0] ~ name[0]',
    explains: ({ operands, own }) => failed(own) && some(operands, 'element'),
  },
  {
    reason:
      "An index or a count must be an integer and must not be nothing; HL7's engine accepts 2.0, and an index that is nothing selects nothing.",
    example: 'name[1.0]',
    explains: ({ operation, operands, own }) =>
      takesCount(operation) &&
      failed(own) &&
      operands.slice(1).some((operand) => isEmpty(operand) || hasKind(operand, 'number')),
  },
  {
    reason:
      "`round()` truncates its number of decimals to an integer; in HL7's engine a number that is not an integer fails.",
    example: '7.round(1.5)',
    explains: ({ operation, hl7 }) => operation === 'round' && failed(hl7),
  },
  {
    reason:
      "An unknown encoding fails, and an invalid text decodes as far as it can be read; in HL7's engine it is the reverse.",
    example: "'a'.encode('rot13')",
    explains: ({ operation, operands }) => encodes(operation) && hasKind(operands[1] ?? [], 'text'),
  },
  {
    reason:
      "A result that is not a number (the logarithm of 0) is nothing; in HL7's engine it is NaN or an infinity.",
    example: '0.ln()',
    explains: ({ own, hl7 }) => isEmpty(own) && hasNoNumber(hl7),
  },
  {
    reason:
      "Decimals have up to 28 digits and keep their scale, and integers are a separate type; in HL7's engine numbers are doubles.",
    example: '(1 / 7).toString()',
    explains: ({ operation, expression, operands, own, hl7 }) =>
      (/^(?:toString|toInteger|convertsToInteger|mod|~|!~)$/.test(operation) || isRounded(expression)) &&
      some(operands, 'number') &&
      !failed(own) &&
      !failed(hl7),
  },
  {
    reason:
      "A sign needs a number or nothing; HL7's engine fails on nothing, and on a number that an element holds.",
    example: '-language.length()',
    explains: ({ operation, own, hl7 }) => operation === 'sign' && !failed(own) && failed(hl7),
  },
  {
    reason:
      "Types are compared by name; in HL7's engine they inherit, and ids and urls have a type of their own.",
    example: 'gender.ofType(string)',
    explains: ({ operation }) => /^(?:is|as|ofType)$/.test(operation),
  },
  {
    reason: "`descendants()` returns elements in document order; HL7's engine returns them level by level.",
    example: 'identifier.descendants()',
    explains: ({ operation, own, hl7 }) => operation === 'descendants' && isSameSet(own, hl7),
  },
  {
    reason: "A union keeps elements of equal value; HL7's engine keeps each value once.",
    example: '(name.given | name.family).count()',
    explains: ({ operation, own, hl7 }) =>
      (operation === '|' || operation === 'union') && isSameSet(withoutEqual(own), hl7),
  },
  {
    reason: "`repeat()` keeps elements of equal value; HL7's engine keeps each value once.",
    example: 'repeat(name.given).count()',
    explains: ({ operation }) => operation === 'repeat',
  },
  {
    reason: "Several items are `in` a collection if all of them are; in HL7's engine this fails.",
    example: "name.given in ('Ann' | 'Bea' | 'Cleo')",
    explains: ({ operation, operands, hl7 }) =>
      (operation === 'in' || operation === 'contains') && failed(hl7) && operands.some(isSeveral),
  },
  {
    reason: "A step `value` on a computed value selects nothing; in HL7's engine it selects the value.",
    example: '1.select(value)',
    explains: ({ operation, own }) => operation === 'member' && isEmpty(own),
  },
  {
    reason:
      "If the separator is nothing, `split()` returns nothing; in HL7's engine it returns the characters.",
    example: "'ab'.split({})",
    explains: ({ operation, operands, own }) =>
      operation === 'split' && isEmpty(own) && operands.slice(1).some(isEmpty),
  },
  {
    reason:
      "`substring()` with a negative length returns an empty text; HL7's engine counts it from the end.",
    example: "'abcd'.substring(2, -1)",
    explains: ({ operation, own }) => operation === 'substring' && JSON.stringify(own) === '["text "]',
  },
  {
    reason: "A boolean does not convert to a Quantity; in HL7's engine it does.",
    example: 'true.convertsToQuantity()',
    explains: ({ operation, operands }) => /uantity$/.test(operation) && some(operands, 'boolean'),
  },
  {
    reason:
      "`trace()` returns its input without evaluating its argument; in HL7's engine the argument must be a text.",
    example: 'name.trace(1)',
    explains: ({ operation, own, hl7 }) => operation === 'trace' && !failed(own) && failed(hl7),
  },
  {
    reason:
      "A text and a number cannot be added, and booleans and several items have no order; HL7's engine reads texts as numbers, and true is greater than false.",
    example: "'1' + 1",
    explains: ({ operation, operands, own, hl7 }) =>
      /^(?:[-+*/<>]=?|convertsTo\w+)$/.test(operation) &&
      failed(own) &&
      !failed(hl7) &&
      (operands.some(isSeveral) || some(operands, 'text') || some(operands, 'boolean')),
  },
  {
    reason:
      "A number is not equal to a date, and `!=` is true; in HL7's engine both are nothing if the number comes first.",
    example: '1 = birthDate',
    explains: ({ operation, operands, hl7 }) =>
      /^!?=$/.test(operation) && isEmpty(hl7) && some(operands, 'number') && some(operands, 'date'),
  },
  {
    reason: "A separator of `join()` that is not a text counts as none; HL7's engine fails.",
    example: "'a'.join(1)",
    explains: ({ operation, own, hl7 }) => operation === 'join' && !failed(own) && failed(hl7),
  },
  {
    reason: "A negative count skips and takes nothing; HL7's engine counts it from the end.",
    example: 'name.skip(-1)',
    explains: ({ operation, operands, own }) =>
      /^(?:skip|take)$/.test(operation) && !failed(own) && isNegative(operands[1]),
  },
]

/** Whether a part of the expression rounds its result: to 28 digits here, to those of a double in HL7's engine. */
const isRounded = (expression: Expression): boolean =>
  (expression.op === 'call' && /^(?:exp|ln|log|sqrt|power)$/.test(expression.name)) ||
  (expression.op === 'binary' && /^(?:\/|mod)$/.test(expression.operator)) ||
  partsOf(expression).some(isRounded)

const isNegative = (given: Given | undefined): boolean =>
  given !== undefined && given !== 'failed' && given.some((item) => item.startsWith('number -'))

const hasLarge = (given: Given): boolean =>
  given !== 'failed' && given.some((item) => Math.abs(Number(item.replace(/^number /, ''))) > 2147483647)

const withoutEqual = (given: Given): Given => (given === 'failed' ? given : [...new Set(given)])

const isSameSet = (own: Given, hl7: Given): boolean =>
  own !== 'failed' &&
  hl7 !== 'failed' &&
  JSON.stringify(own.map(asText).sort()) === JSON.stringify(hl7.map(asText).sort())

const asText = (item: string): string => item.replace(/^date /, 'text ')
