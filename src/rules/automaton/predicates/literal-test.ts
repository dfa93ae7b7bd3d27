import type { ElementType } from '../../../fhir/elements.js'
import { trimText } from '../../../fhir/text.js'
import { leafValue } from '../../evaluate/value.js'
import type { Literal } from '../../expression/expression.js'
import type { Order, Test } from './predicate.js'

const NEVER: Test = { kind: 'never' }
const UNSURE: Test = { kind: 'unsure' }

/** Returns the test of `element = literal` for an element of a type; undefined for a literal that needs the interpreter. */
export function equalityTest(literal: Literal, type: ElementType): Test | undefined {
  switch (literal.kind) {
    case 'string':
      return textTest(literal.text, type)
    case 'boolean':
      return type.jsonKind === 'boolean' ? { kind: 'boolean', value: literal.text === 'true' } : NEVER
    case 'integer':
      if (type.jsonKind === 'number') return { kind: 'integer', value: Number(literal.text) }
      return type.jsonKind === 'string' && !holdsText(type) ? UNSURE : NEVER
    default:
      return undefined
  }
}

/** The orders in which `element operator literal` is true. */
export const ORDERS: ReadonlyMap<string, Order> = new Map([
  ['<', { below: true, equal: false, above: false }],
  ['<=', { below: true, equal: true, above: false }],
  ['>', { below: false, equal: false, above: true }],
  ['>=', { below: false, equal: true, above: true }],
])

/** Largest integer that numbers are compared with by their bytes: nine digits. */
const LARGEST_COMPARED = 999_999_999

/** Returns the test of a number's order; undefined for a literal that needs the interpreter. */
export function orderTest({ kind, text }: Literal, hits: Order): Test | undefined {
  const value = Number(text)
  if (kind !== 'integer' || Math.abs(value) > LARGEST_COMPARED) return undefined
  return { kind: 'order', value, hits }
}

function textTest(text: string, type: ElementType): Test {
  // A number that is too long to be read counts as a text.
  if (type.jsonKind === 'number') return UNSURE
  if (type.jsonKind !== 'string') return NEVER
  // A value that is valid for its type is no text: `birthDate = '2000'` is false.
  if ((leafValue(type.name, text)?.kind ?? 'string') !== 'string') return NEVER
  if (!isWellFormed(text)) return UNSURE
  return text === '' || trimText(text) !== text ? NEVER : { kind: 'texts', texts: [text] }
}

/** Whether every value of a type is a text for FHIRPath, unlike those of dates. */
export const holdsText = (type: ElementType): boolean =>
  type.jsonKind === 'string' && leafValue(type.name, 'x')?.kind === 'string'

/** Returns the test of `startsWith` and the like. */
export function partTest(kind: 'starts' | 'ends' | 'contains', text: string): Test {
  if (text === '') return { kind: 'any' }
  return /^[\x20-\x7e]*$/.test(text) ? { kind, text } : UNSURE
}

/** Joins the tests of equality with one of several literals; undefined if that is not possible. */
export function anyOf(tests: readonly Test[]): Test | undefined {
  if (tests.some(({ kind }) => kind === 'unsure')) return UNSURE
  const texts = tests.flatMap((test) => (test.kind === 'texts' ? test.texts : []))
  const others = tests.filter(({ kind }) => kind !== 'texts' && kind !== 'never')
  if (others.length === 0) return texts.length === 0 ? NEVER : { kind: 'texts', texts: [...new Set(texts)] }
  return others.length === 1 && texts.length === 0 ? others[0] : undefined
}

/** Whether a text survives UTF-8, in which the element's value is read. */
const isWellFormed = (text: string): boolean => Buffer.from(text).toString() === text
