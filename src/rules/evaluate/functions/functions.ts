import { CLOCK_FUNCTIONS } from './clock.js'
import { COLLECTION_FUNCTIONS } from './collections.js'
import { CONVERSION_FUNCTIONS } from './conversions.js'
import { ELEMENT_FUNCTIONS } from './elements.js'
import { NUMBER_FUNCTIONS } from './numbers.js'
import type { FunctionRow } from './row.js'
import { TEXT_FUNCTIONS } from './texts.js'

/**
 * The functions a rule may call (law 4.9 to 4.14). To add one, write its row in the file of its kind, and its
 * test in the test of that file: parser, evaluator and lint take all they know of it from there.
 */
export const FUNCTIONS: ReadonlyMap<string, FunctionRow> = new Map(
  Object.entries({
    ...COLLECTION_FUNCTIONS,
    ...ELEMENT_FUNCTIONS,
    ...TEXT_FUNCTIONS,
    ...NUMBER_FUNCTIONS,
    ...CONVERSION_FUNCTIONS,
    ...CLOCK_FUNCTIONS,
  }),
)
