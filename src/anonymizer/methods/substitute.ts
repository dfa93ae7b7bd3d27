import { jsonString } from '../../fhir/text.js'
import { type LeafMethod, RECORD } from './leaf.js'
import { method } from './method.js'

export const substitute = method({
  name: 'substitute',
  summary: 'writes `replaceWith` instead',
  settings: {
    // A string, number, boolean, null or object.
    replaceWith: { kind: 'json', missing: 'is missing: what to write instead (null removes)' },
  },
  records: ['SUBSTITUTE'],
  reach: 'replacement',
  templateOf: ({ replaceWith }) => replaceWith,
  compile: ({ replaceWith }) => compileSubstitute(replaceWith),
  resultOf: (_, __, { replaceWith }) => (replaceWith === null ? 'removed' : 'substituted'),
})

/**
 * Replaces a primitive with the text of `replaceWith`, a JSON string whatever the type; null removes it (law 10.1).
 */
function compileSubstitute(replaceWith: unknown): LeafMethod {
  const text = substituteText(replaceWith)
  const change = { record: RECORD.SUBSTITUTE, json: text === null ? null : jsonString(text) }
  return () => change
}

/** Returns the text that `replaceWith` gives a primitive; null if it removes the value. */
export function substituteText(replaceWith: unknown): string | null {
  switch (typeof replaceWith) {
    case 'string':
      return replaceWith
    case 'boolean':
      return replaceWith ? 'True' : 'False'
    case 'number':
      return doubleText(replaceWith)
    default:
      return replaceWith === null || replaceWith === undefined ? null : JSON.stringify(replaceWith, null, 2)
  }
}

/**
 * Prints a number as .NET does: whole numbers in full, other doubles with an exponent such as `E+21` or `E-05` beyond
 * 15 digits or below 0.0001.
 */
function doubleText(value: number): string {
  if (Number.isSafeInteger(value)) return String(value === 0 ? 0 : value)
  const [mantissa, exponentText] = value.toExponential().split('e')
  const exponent = Number(exponentText)
  if (exponent < 15 && exponent > -5) return String(value)
  return `${mantissa}E${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}
