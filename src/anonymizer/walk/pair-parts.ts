import { ACT, PART } from './layout.js'

/** What the walk does with the system or the code of a pair. */
export interface PairPart {
  readonly act: number
  /** For the act PART. */
  readonly pairPart?: number
}

/** The keys of the two parts. */
export const OTHER_PART: Readonly<Record<string, string>> = { system: 'code', code: 'system' }

/**
 * Returns what the walk does with one part of a pair, by the acts that the rules alone give both. `otherIndex` is the index
 * of the other one's key.
 */
export function pairPartOf(
  isSystem: boolean,
  { own, other }: { readonly own: number; readonly other: number },
  otherIndex: number,
): PairPart {
  const fate = fateOf(own)
  if (fate !== 'left') return { act: fate === 'unsure' ? ACT.BAIL : own }
  const otherFate = fateOf(other)
  // A code is judged with the system that a rule wrote.
  if (otherFate === 'unsure' || (otherFate === 'written' && !isSystem)) return { act: ACT.BAIL }
  const bits = (isSystem ? PART.IS_SYSTEM : 0) | (otherFate === 'left' ? PART.JUDGES_OTHER : 0)
  return { act: ACT.PART, pairPart: bits | otherIndex }
}

/** `unsure`: a method that may change the value or leave it, or what only the interpreter can follow. */
type Fate = 'left' | 'removed' | 'written' | 'unsure'

function fateOf(act: number): Fate {
  if (act === ACT.KEEP_STRING) return 'left'
  if (act === ACT.DROP) return 'removed'
  return act === ACT.HASH || act === ACT.HASH_REFERENCE ? 'written' : 'unsure'
}
