import { BundleCursor } from './bundle-cursor.js'
import type { BundleEntry } from './bundle-entry.js'
import { nameOf } from './bundle-references.js'
import { EntryNames } from './entry-names.js'
import { type Fault, NO_TYPE, wrongBundle } from './faults.js'
import type { UnitRun } from './unit-run.js'
import type { Window } from './window.js'

/** What is known of a JSON object once it was read to its end. */
export interface BundleFacts {
  readonly resourceType: string | undefined
  readonly type: string | undefined
  readonly entryCount: number
  /** Whether each entry can be read, and the Bundle is valid JSON. */
  readonly isSound: boolean
  /** Whether it breaks off, so that nothing is known of what follows. */
  readonly isLost: boolean
  /** Why it is not whole. */
  readonly damage: Fault | undefined
  /** What references to its entries become. */
  readonly names: EntryNames
  readonly startOffset: number
  readonly endOffset: number
}

/** Reads the object at the window's place to its end. */
export async function readFacts(window: Window, run: UnitRun): Promise<BundleFacts> {
  const startOffset = window.place
  const cursor = new BundleCursor(window, run.limits.maxEntryBytes)
  const names = new EntryNames()
  let entryCount = 0
  let isSound = true
  let damage: Fault | undefined
  for (;;) {
    const part = cursor.next()
    if (part.kind === 'end') break
    if (part.kind === 'more') {
      run.check()
      await cursor.more()
      continue
    }
    if (part.kind === 'broken') damage ??= part.fault
    if (part.kind === 'entry' && part.entry.isOutcome) continue
    entryCount += 1
    if (part.kind === 'broken' || part.entry.fault !== undefined) isSound = false
    else addName(names, part.entry, run.limits.method)
  }
  const { resourceType, type, isLost } = cursor
  return {
    resourceType,
    type,
    entryCount,
    isSound,
    isLost,
    damage,
    names,
    startOffset,
    endOffset: window.place,
  }
}

function addName(names: EntryNames, entry: BundleEntry, method: 'put' | 'post'): void {
  const name = nameOf(entry, method)
  if (name !== undefined && entry.fullUrl !== undefined) names.add(entry.fullUrl, name)
}

/** Bundles whose entries are loaded. The others that are resources themselves, of any number of resources. */
const TAKEN_APART = new Set(['transaction', 'batch', 'collection', 'searchset'])
const KEPT_WHOLE = new Set(['document', 'message'])

/**
 * What to do with a Bundle: load its entries, load it as a resource (documents and messages are whole, signed perhaps,
 * and servers keep them so), or reject it. A history is rejected: its versions would be loaded the newest first.
 */
export function useOf(type: string | undefined): 'entries' | 'resource' | Fault {
  if (type !== undefined && TAKEN_APART.has(type)) return 'entries'
  return type !== undefined && KEPT_WHOLE.has(type) ? 'resource' : wrongBundle(type)
}

/** Why nothing of what was read can be loaded as the entries of a Bundle; undefined if it can. */
export function bundleFault({ resourceType, type, damage }: BundleFacts): Fault | undefined {
  const use = resourceType === 'Bundle' ? useOf(type) : NO_TYPE
  if (use === 'entries') return undefined
  return damage ?? (use === 'resource' ? wrongBundle(type) : use)
}
