import type { EntryLimits } from '../../../src/load/entries/limits.js'
import { loadItems } from '../../../src/load/entries/load-items.js'
import type { LoadUnit } from '../../../src/load/unit.js'
import { memorySource } from '../../../src/storage/memory/memory.js'
import { MemoryContent } from '../../../src/storage/memory/memory-content.js'

/** What is asked of each unit, in a form that is easy to compare. */
export interface SeenUnit {
  readonly kind: string
  readonly ordinals: readonly number[]
  /** The resources, parsed; for what is rejected, its code. */
  readonly what: readonly unknown[]
}

/** Reads files by name as a source in memory. */
export async function unitsOf(
  files: Readonly<Record<string, string | Uint8Array>>,
  limits: EntryLimits = {},
  skip: (ordinal: number) => boolean = () => false,
): Promise<LoadUnit[]> {
  const content = new MemoryContent()
  for (const [name, bytes] of Object.entries(files)) content.write(name, bytes)
  const units: LoadUnit[] = []
  for await (const item of loadItems(memorySource(content), limits))
    for await (const unit of item.units({ skip })) units.push(unit)
  return units
}

export const seen = (unit: LoadUnit): SeenUnit => {
  if (unit.kind === 'rejected') return { kind: unit.kind, ordinals: [unit.ordinal], what: [unit.code] }
  const entries = unit.kind === 'entry' ? [unit.entry] : unit.entries
  return {
    kind: unit.kind,
    ordinals: entries.map(({ ordinal }) => ordinal),
    what: entries.map(({ resource, request }) =>
      resource.length > 0 ? (JSON.parse(resource.toString()) as unknown) : request,
    ),
  }
}

/** `entry Patient/a` for each unit, `rejected INVALID_JSON`, `transaction Patient/a Patient/b`. */
export const inWords = (unit: LoadUnit): string => {
  if (unit.kind === 'rejected') return `rejected ${unit.code}`
  const entries = unit.kind === 'entry' ? [unit.entry] : unit.entries
  return [unit.kind, ...entries.map(({ type, id }) => `${type}/${id ?? ''}`)].join(' ')
}
