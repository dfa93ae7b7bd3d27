import { hostVariant } from './host'
import { TRUE, UNSURE } from './predicate-records'
import { evaluatePredicate } from './predicates'
import { Choice } from './records'

/**
 * Choices: what follows at an element depends on predicates. A choice has a variant, an edge or a table, for each set of
 * predicates that the element meets.
 */

/** Returns the variant for the element at `p`; 0 to leave the line to the interpreter. */
export function variantOf(choice: usize, p: usize): usize {
  const count = load<u32>(choice, Choice.COUNT)
  let mask: u32 = 0
  for (let k: u32 = 0; k < count; k++) {
    const truth = evaluatePredicate(load<u32>(choice + (k << 2), Choice.PREDICATES), p)
    if (truth == UNSURE) return 0
    if (truth == TRUE) mask |= 1 << k
  }
  const slot = choice + <usize>((mask * 0x9e3779b1) >> 28) * Choice.SLOT_BYTES
  if (load<u32>(slot, Choice.SLOT_MASK) == mask && load<u32>(slot, Choice.SLOT_VARIANT) != 0)
    return load<u32>(slot, Choice.SLOT_VARIANT)
  const variant = hostVariant(choice, mask)
  store<u32>(slot, mask, Choice.SLOT_MASK)
  store<u32>(slot, <u32>variant, Choice.SLOT_VARIANT)
  return variant
}
