import { sluiceError } from '../../errors.js'
import type { RejectedEntry, UnitsOptions } from '../unit.js'
import type { Fault } from './faults.js'
import type { SettledLimits } from './limits.js'

/** Throws INTERRUPTED. */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true)
    throw sluiceError('INTERRUPTED', { message: 'interrupted while the input was read' })
}

/** One reading of an item: numbers what it finds. */
export class UnitRun {
  /** Ordinal of the next entry. */
  next = 0
  /** Lines that are not blank, or documents, so far. */
  textCount = 0
  readonly limits: SettledLimits
  readonly skip: (ordinal: number) => boolean
  readonly #signal: AbortSignal | undefined

  constructor(limits: SettledLimits, { skip, signal }: UnitsOptions) {
    this.limits = limits
    this.skip = skip
    this.#signal = signal
  }

  /** Throws INTERRUPTED. */
  check(): void {
    checkSignal(this.#signal)
  }

  /** Numbers an entry that is rejected; undefined if it is settled already. */
  rejected({ code, message }: Fault, offset: number, lengthBytes: number): RejectedEntry | undefined {
    const ordinal = this.next
    this.next += 1
    return this.skip(ordinal) ? undefined : { kind: 'rejected', ordinal, offset, lengthBytes, code, message }
  }
}
