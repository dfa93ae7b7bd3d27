import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { PATIENT_COMPARTMENT_TYPES } from '../../fhir/patient-compartment.js'
import { folderSource } from '../../storage/folder/folder.js'
import { writeWhole } from '../../storage/folder/folder-files.js'
import { type ItemIndex, isDeletionName } from '../catalog/item-index.js'
import { RunReader } from '../catalog/item-ranges.js'
import { deletionsIn, resourceKey } from '../catalog/line-facts.js'
import { linesOf } from '../catalog/line-records.js'
import { isPacked } from '../catalog/packing.js'
import { turns } from '../turns.js'
import { type Criteria, wantsType } from './criteria.js'
import type { Selection, SelectOptions } from './selection.js'

const FILE = 'deletions.ndjson'
const ENTRIES_PER_BUNDLE = 1000

interface Deletion {
  readonly type: string
  readonly id: string
}

/**
 * Writes Bundles for the manifest's `deleted`: resources of the requested types that were deleted in the requested time
 * and do not exist again. `told` holds the keys of the resources that the client may know of; undefined for all.
 */
export async function deletionsOf(
  options: SelectOptions,
  told: ReadonlySet<bigint> | undefined,
): Promise<Selection[]> {
  const { snapshot, folder } = options
  const found = new Map<bigint, Deletion>()
  for (const index of snapshot.items)
    if (isDeletionName(index.item.name)) await collect(options, index, { told, found })
  if (found.size === 0) return []
  const deletions = [...found.values()]
  const bundles: string[] = []
  for (let at = 0; at < deletions.length; at += ENTRIES_PER_BUNDLE)
    bundles.push(`${JSON.stringify(bundleOf(deletions.slice(at, at + ENTRIES_PER_BUNDLE)))}\n`)
  const text = bundles.join('')
  await writeWhole(join(folder, FILE), text, 0o600)
  const item = await folderSource(folder).head(FILE)
  if (item === undefined) throw new Error('the file of deletions is gone')
  return [
    {
      name: 'deleted/Bundle-1.ndjson',
      type: 'Bundle',
      names: [...new Set(deletions.map(({ type }) => type))].sort(),
      count: bundles.length,
      item,
      isGzip: false,
      bytes: item.bytes,
      digest: createHash('sha256').update(text).digest('hex'),
      isDeletions: true,
    },
  ]
}

const bundleOf = (deletions: readonly Deletion[]): object => ({
  resourceType: 'Bundle',
  type: 'transaction',
  entry: deletions.map(({ type, id }) => ({ request: { method: 'DELETE', url: `${type}/${id}` } })),
})

async function collect(
  { source, current, indexFolder, criteria, signal }: SelectOptions,
  index: ItemIndex,
  { told, found }: { readonly told: ReadonlySet<bigint> | undefined; readonly found: Map<bigint, Deletion> },
): Promise<void> {
  const { sinceMs = -Infinity, untilMs = Infinity } = criteria
  const turn = turns(signal)
  for await (const lines of linesOf(indexFolder, index))
    for (const { keys, lastUpdatedMs, ...run } of lines) {
      await turn()
      // A deletion without a time is always listed, because the client may not know of it.
      if (lastUpdatedMs < sinceMs || lastUpdatedMs >= untilMs) continue
      if (!keys.some(({ kind, key }) => kind === 'delete' && current.deleted.has(key))) continue
      const reader = new RunReader(source, index.item, isPacked(index), only(run))
      try {
        const line = Buffer.allocUnsafe(run.length)
        const text = line.toString('utf8', 0, await reader.read(line))
        for (const deletion of deletionsIn(text)) {
          const key = resourceKey(deletion.type, deletion.id)
          const isTold = told === undefined ? isOfLevel(criteria, deletion.type) : told.has(key)
          if (isTold && current.deleted.has(key) && wantsType(criteria, deletion.type))
            found.set(key, deletion)
        }
      } finally {
        await reader.close()
      }
    }
}

const isOfLevel = ({ level }: Criteria, type: string): boolean =>
  level.kind === 'system' || PATIENT_COMPARTMENT_TYPES.has(type)

async function* only(run: { readonly offset: number; readonly length: number }) {
  yield run
}
