import { JsonError, skipSpace } from '../../json/scanner.js'
import type { LoadUnit } from '../unit.js'
import { bundleFault, readFacts, useOf } from './bundle-facts.js'
import { bundleUnits } from './bundle-units.js'
import { type Fault, jsonFault, TEXT_AFTER } from './faults.js'
import { type ResourceHead, readHead } from './resource-head.js'
import type { UnitRun } from './unit-run.js'
import { Window } from './window.js'

/** A text in memory that should be one resource: a line, or a document. */
export interface ResourceText {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  /** Of `start`, in the item. */
  readonly offset: number
}

/** The unit of a text; undefined if it is settled already, and `bundle` if it may have units of its own. */
export function textUnit(text: ResourceText, run: UnitRun): LoadUnit | 'bundle' | undefined {
  const { bytes, start, end, offset } = text
  const head = headOf(text)
  if (head === 'bundle') return head
  const fault = 'code' in head ? head : head.fault
  if (fault !== undefined) return run.rejected(fault, offset, end - start)
  if ('code' in head) return undefined
  const ordinal = run.next
  run.next += 1
  if (run.skip(ordinal)) return undefined
  const { type, id } = head
  const at = skipSpace(bytes, start, end)
  const resource = Buffer.from(bytes.subarray(at, head.end))
  const place = offset + at - start
  return {
    kind: 'entry',
    entry: { ordinal, offset: place, resource, type, id, fullUrl: undefined, request: undefined },
  }
}

function headOf({ bytes, start, end }: ResourceText): ResourceHead | Fault | 'bundle' {
  try {
    const head = readHead(bytes, skipSpace(bytes, start, end), end)
    if (skipSpace(bytes, head.end, end) < end) return TEXT_AFTER
    return head.type === 'Bundle' && useOf(head.kind) !== 'resource' ? 'bundle' : head
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    return bytes.subarray(start, end).includes('Bundle') ? 'bundle' : jsonFault(error)
  }
}

/** The units of a text that may be a Bundle. */
export async function* bundleTextUnits(text: ResourceText, run: UnitRun): AsyncGenerator<LoadUnit, void> {
  const { bytes, start, end, offset } = text
  const at = skipSpace(bytes, start, end)
  const held = { bytes: bytes.subarray(at, end), offset: offset + at - start }
  const window = new Window(held)
  const facts = await readFacts(window, run)
  const fault = bundleFault(facts) ?? (skipSpace(bytes, at + window.at, end) < end ? TEXT_AFTER : undefined)
  if (fault === undefined) {
    yield* bundleUnits(new Window(held), facts, run)
    return
  }
  const rejected = run.rejected(fault, offset, end - start)
  if (rejected !== undefined) yield rejected
}
