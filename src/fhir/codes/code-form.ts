import { isSnomedId } from './snomed-ct.js'
import { isUcum } from './ucum.js'

/** What a code of a system without a grammar looks like: one word, as HL7's and most local systems have them. */
const WORD = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,47}$/

/** Numbers that name a person or place: nine digits and more, SSN, telephone numbers, dates, ZIP+4. */
const TELLING = [
  /^\d{9,}$/,
  /^\d{3}([-.])\d{2,3}\1\d{4}$/,
  /^\d{4}([-.])\d{2}\1\d{2}$/,
  /^\d{2}([-.])\d{2}\1\d{4}$/,
  /^\d{5}-\d{4}$/,
]

/**
 * Whether a text has the form of a code: one word, an id of SNOMED CT or a unit of UCUM. It is the weakest check: a
 * single name passes.
 */
export const isCodeForm = (code: string): boolean =>
  (WORD.test(code) && !TELLING.some((pattern) => pattern.test(code))) || isSnomedId(code) || isUcum(code)
