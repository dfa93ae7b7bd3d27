import { join } from 'node:path'
import { openItem } from '../../pipeline/chunks/unpack.js'
import { folderSource } from '../../storage/folder/folder.js'
import type { Source, SourceItem, SourceReader } from '../../storage/store.js'
import { RunReader, runsOf } from '../catalog/item-ranges.js'
import { isPacked } from '../catalog/packing.js'
import type { Selection } from './selection.js'

/** The selections of a job as a source: what the pipeline anonymizes, without a copy of the raw lines. */
export function selectionSource(source: Source, selections: readonly Selection[], folder: string): Source {
  const byName = new Map(selections.map((selection) => [selection.name, selection]))
  const itemOf = ({ name, bytes, count, item, digest }: Selection): SourceItem => ({
    name,
    bytes,
    version: `${item.version}/${digest}`,
    promised: { lineCount: count },
  })
  return {
    place: source.place,
    folderName: source.folderName,
    localPaths: () => source.localPaths(),
    async *list() {
      for (const selection of selections) yield itemOf(selection)
    },
    async head(name) {
      const selection = byName.get(name)
      return selection === undefined ? undefined : itemOf(selection)
    },
    async open({ name }, fromByte) {
      const selection = byName.get(name)
      if (selection === undefined) throw new Error('an item that was not listed')
      return openSelection(source, selection, { folder, fromByte })
    },
  }
}

/** The selected lines as they are in the source, decompressed. */
export async function openSelection(
  source: Source,
  selection: Selection,
  { folder, fromByte }: { readonly folder: string; readonly fromByte: number },
): Promise<SourceReader> {
  const { item, runs, isDeletions } = selection
  if (isDeletions) return folderSource(folder).open(item, fromByte)
  if (runs !== undefined)
    return new RunReader(source, item, isPacked(selection), runsOf(join(folder, runs)), fromByte)
  return isPacked(selection) ? openItem(source, item, fromByte) : source.open(item, fromByte)
}
