import { isDateType, type Moment, parseMoment } from '../../fhir/dates.js'
import { jsonString, startsWithCultureAware } from '../../fhir/text.js'
import type { Parameters } from '../parameters.js'
import { type Leaf, type LeafChange, type LeafMethod, RECORD, REMOVED } from './leaf.js'
import { type MethodContext, method } from './method.js'
import { OLDEST_AGE, over89Test } from './over-89.js'

/** Removes the value, or keeps the part of a date, an age or a ZIP code that the parameters allow (law 5.3 to 5.7). */
export const redact = method({
  name: 'redact',
  summary: 'removes the value; keeps part of dates, ages and ZIP codes where the parameters allow it',
  settings: {},
  records: ['REDACT', 'ABSTRACT'],
  reach: 'values',
  takesAway: true,
  compile: (_, context) => compileRedact(context),
  walk(leaf, parameters) {
    if (redactDropsAlways(leaf, parameters)) return 'drop'
    return isDateType(leaf.type) ? 'keep-year' : 'method'
  },
  resultOf(leaf, parameters) {
    if (redactDropsAlways(leaf, parameters)) return 'removed'
    if (isDateType(leaf.type)) return 'year'
    return leaf.name === 'postalCode' ? 'ZIP prefix' : 'age to 89'
  },
})

/** The only settings on which the result of redact depends. */
type RedactContext = Pick<MethodContext, 'asOf' | 'parameters'>

const INSPECTED: LeafChange = { record: RECORD.REDACT, json: undefined }

function compileRedact(context: RedactContext): LeafMethod {
  const redactDate = compileDateRedact(context)
  const { parameters } = context
  const { enablePartialAgesForRedact, enablePartialZipCodesForRedact } = parameters
  return (leaf) => {
    if (isDateType(leaf.type)) return redactDate(leaf)
    if (leaf.type === 'decimal' && leaf.parentType === 'Age')
      return enablePartialAgesForRedact && Number(leaf.text) <= OLDEST_AGE ? INSPECTED : REMOVED
    if (leaf.name === 'postalCode' && enablePartialZipCodesForRedact)
      return redactZip(leaf.text, parameters.restrictedZipCodeTabulationAreas)
    return REMOVED
  }
}

/** Whether redact always removes such a leaf, because no parameter allows keeping a part of it. */
export function redactDropsAlways(
  leaf: Pick<Leaf, 'type' | 'name' | 'parentType'>,
  parameters: Parameters,
): boolean {
  if (isDateType(leaf.type)) return !parameters.enablePartialDatesForRedact
  if (leaf.type === 'decimal' && leaf.parentType === 'Age') return !parameters.enablePartialAgesForRedact
  return leaf.name !== 'postalCode' || !parameters.enablePartialZipCodesForRedact
}

export const parseLeafDate = (leaf: Leaf): Moment | undefined =>
  parseMoment(leaf.text, leaf.type === 'date' ? 'date' : 'dateTime')

/**
 * Redacts a date: keeps the year if partial dates are allowed and the person is not over 89. dateShift falls back to
 * this.
 */
export function compileDateRedact(context: RedactContext): (leaf: Leaf) => LeafChange {
  const { enablePartialDatesForRedact, redactedInstants } = context.parameters
  if (!enablePartialDatesForRedact) return () => REMOVED
  const isOver89 = over89Test(context)
  return (leaf) => {
    const moment = parseLeafDate(leaf)
    if (moment === undefined || isOver89(moment)) return REMOVED
    const rest = leaf.type === 'instant' && redactedInstants === 'whole' ? START_OF_YEAR : ''
    return { record: RECORD.REDACT, json: `"${leaf.text.slice(0, 4)}${rest}"` }
  }
}

/** Completes a year to an instant, as in `meta` (law 14.4). */
const START_OF_YEAR = '-01-01T00:00:00+00:00'

function redactZip(zip: string, restricted: readonly string[]): LeafChange {
  if (restricted.some((prefix) => startsWithCultureAware(zip, prefix))) return abstracted(zeroed(zip))
  if (zip.length < 3) return { record: RECORD.ABSTRACT, json: undefined }
  return abstracted(zip.slice(0, 3) + zeroed(zip.slice(3)))
}

const abstracted = (text: string): LeafChange => ({ record: RECORD.ABSTRACT, json: jsonString(text) })

const DIGIT = /\p{Nd}/gu

/** Replaces digits with 0. .NET examines UTF-16 units, so digits outside the Basic Multilingual Plane stay. */
const zeroed = (text: string): string => text.replace(DIGIT, (digit) => (digit.length === 1 ? '0' : digit))
