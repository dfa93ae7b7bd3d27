import { type Moment, parseMoment, yearsBefore } from '../../fhir/dates.js'
import { jsonString, startsWithCultureAware } from '../../fhir/text.js'
import type { AnonymizerSpec, Parameters } from '../spec.js'
import { type Leaf, type LeafChange, type LeafMethod, RECORD, REMOVED } from './leaf.js'

/** The oldest age that HIPAA's Safe Harbor lets stand (45 CFR 164.514(b)(2)(i)(C)). */
const OLDEST_AGE = 89

const INSPECTED: LeafChange = { record: RECORD.REDACT, json: undefined }

/** Removes the value, or keeps the part of a date, an age or a ZIP code that the parameters allow (3.2). */
export function compileRedact(spec: AnonymizerSpec): LeafMethod {
  const redactDate = compileDateRedact(spec)
  const { enablePartialAgesForRedact, enablePartialZipCodesForRedact } = spec.parameters
  return (leaf) => {
    if (isDateType(leaf.type)) return redactDate(leaf)
    if (leaf.type === 'decimal' && leaf.parentType === 'Age')
      return enablePartialAgesForRedact && Number(leaf.text) <= OLDEST_AGE ? INSPECTED : REMOVED
    if (leaf.name === 'postalCode' && enablePartialZipCodesForRedact)
      return redactZip(leaf.text, spec.parameters.restrictedZipCodeTabulationAreas)
    return REMOVED
  }
}

/** Whether redact always removes such a leaf: no parameter lets a part of it stand. */
export function redactDropsAlways(
  leaf: Pick<Leaf, 'type' | 'name' | 'parentType'>,
  parameters: Parameters,
): boolean {
  if (isDateType(leaf.type)) return !parameters.enablePartialDatesForRedact
  if (leaf.type === 'decimal' && leaf.parentType === 'Age') return !parameters.enablePartialAgesForRedact
  return leaf.name !== 'postalCode' || !parameters.enablePartialZipCodesForRedact
}

export const isDateType = (type: string): boolean =>
  type === 'date' || type === 'dateTime' || type === 'instant'

export const parseLeafDate = (leaf: Leaf): Moment | undefined =>
  parseMoment(leaf.text, leaf.type === 'date' ? 'date' : 'dateTime')

/** Redact for a date: the year where partial dates are on and nobody is over 89; also what dateShift falls back to. */
export function compileDateRedact(spec: AnonymizerSpec): (leaf: Leaf) => LeafChange {
  if (!spec.parameters.enablePartialDatesForRedact) return () => REMOVED
  const isOver89 = compileOver89(spec.asOf)
  return (leaf) => {
    const moment = parseLeafDate(leaf)
    if (moment === undefined || isOver89(moment)) return REMOVED
    return { record: RECORD.REDACT, json: `"${leaf.text.slice(0, 4)}"` }
  }
}

/** Tells whether somebody born on that date is over 89 on the day `asOf` (`YYYY-MM-DD`). */
export function compileOver89(asOf: string): (moment: Moment) => boolean {
  const today = parseMoment(asOf, 'date')
  if (today === undefined) throw new RangeError('asOf is not a date')
  return (moment) => yearsBefore(moment, today) > OLDEST_AGE
}

function redactZip(zip: string, restricted: readonly string[]): LeafChange {
  if (restricted.some((prefix) => startsWithCultureAware(zip, prefix))) return abstracted(zeroed(zip))
  if (zip.length < 3) return { record: RECORD.ABSTRACT, json: undefined }
  return abstracted(zip.slice(0, 3) + zeroed(zip.slice(3)))
}

const abstracted = (text: string): LeafChange => ({ record: RECORD.ABSTRACT, json: jsonString(text) })

const DIGIT = /\p{Nd}/gu

/** .NET sees UTF-16 units, none of which is a digit beyond the basic plane. */
const zeroed = (text: string): string => text.replace(DIGIT, (digit) => (digit.length === 1 ? '0' : digit))
