import type { FhirVersion } from '../../../fhir/version.js'
import { Budget } from '../../evaluate/budget.js'
import type { FunctionRow } from '../../evaluate/functions/row.js'
import { Pattern } from '../../evaluate/pattern.js'
import type { Call } from '../../expression/expression.js'
import { codesAt } from '../elements/bindings.js'
import type { FaultFacts } from './faults.js'
import type { Outcome } from './outcome.js'

/** Finds the fault of an input that is never a text or a number, for a function on those. */
export function kindFault(call: Call, { takes }: FunctionRow, input: Outcome): FaultFacts | undefined {
  if ((takes !== 'string' && takes !== 'number') || mayBe(input, takes)) return undefined
  const text = `${call.name}() needs a ${takes === 'string' ? 'text' : 'number'}`
  return { kind: 'fails', text, places: input.places ?? [] }
}

/**
 * Finds the fault of an argument of a function on values: an invalid pattern, or one that no code of the element
 * fits.
 */
export function argumentFault(
  call: Call,
  row: FunctionRow,
  input: Outcome,
  version: FhirVersion,
): FaultFacts | undefined {
  const [wanted] = call.args
  if (wanted?.op !== 'literal' || wanted.kind !== 'string') return undefined
  const pattern = row.args[0] === 'pattern' ? Pattern.of(wanted.text) : undefined
  if (row.args[0] === 'pattern' && pattern === undefined)
    return { kind: 'fails', text: 'it is not a regular expression', places: [] }
  if (pattern?.isHopeless)
    return {
      kind: 'fails',
      text: 'its pattern may take forever: a repeated group leaves choices',
      places: [],
    }
  const codes = codesAt(input.places, version)
  const test = codeTest(call.name, wanted.text, pattern)
  if (codes === undefined || test === undefined || [...codes].some(test)) return undefined
  const text = `${call.name}('${wanted.text}') holds for none of the codes ${[...codes].join(', ')}`
  return { kind: 'pointless', text, places: [], codes: [...codes] }
}

/** The test that a code must pass for a function to hold. */
function codeTest(
  name: string,
  text: string,
  pattern: Pattern | undefined,
): ((code: string) => boolean) | undefined {
  if (name === 'startsWith') return (code) => code.startsWith(text)
  if (name === 'endsWith') return (code) => code.endsWith(text)
  if (name === 'contains') return (code) => code.includes(text)
  return name === 'matches' && pattern !== undefined ? (code) => pattern.isIn(code, new Budget(0)) : undefined
}

/** Whether it can be a text or a number. A date is evaluated as a text only if it is invalid. */
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
