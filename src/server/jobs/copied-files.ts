import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { sluiceError } from '../../errors.js'
import { folderSource } from '../../storage/folder/folder.js'
import { makeFolders } from '../../storage/folder/folder-files.js'
import { createOwn } from '../../storage/folder/own-file.js'
import type { SourceItem } from '../../storage/store.js'
import { packingOf } from '../catalog/packing.js'
import type { Selection } from '../query/selection.js'
import { openSelection } from '../query/selection-source.js'
import { writeSelection } from '../query/write-selection.js'
import { badRequest } from '../refusal.js'
import { type ExportRunOptions, namesOf, urlName, type Work } from './export-work.js'
import type { JobRecord, OutputFile } from './job.js'

/** Serves whole items from the source and copies the others. */
export async function copyAll(options: ExportRunOptions, job: JobRecord, work: Work): Promise<OutputFile[]> {
  const { selections, signal, progress } = work
  const folder = join(work.folder, 'files')
  await makeFolders(folder, 0o700)
  const output: OutputFile[] = []
  const allBytes = selections.reduce((sum, { bytes }) => sum + bytes, 0)
  let doneBytes = 0
  for (const selection of selections) {
    const { type, count, item, bytes, runs, isDeletions } = selection
    const name = urlName(selection.name)
    const names = namesOf(selection)
    if (runs === undefined && !isDeletions)
      output.push({ name, type, count, place: 'item', item, ...packingOf(selection), bytes })
    else {
      const copied = await copyOne(options, selection, {
        job,
        work,
        folder,
        onBytes: (done) => progress(doneBytes + done, allBytes),
      })
      output.push({
        name,
        type,
        ...names,
        count,
        place: 'job',
        item: copied,
        isGzip: false,
        bytes: copied.bytes,
      })
    }
    doneBytes += bytes
    progress(doneBytes, allBytes)
    signal.throwIfAborted()
  }
  return output
}

interface CopyWork {
  readonly job: JobRecord
  readonly work: Work
  readonly folder: string
  readonly onBytes: (bytes: number) => void
}

/** Writes a file that appears whole; one from an earlier process is kept. */
async function copyOne(
  { source, version }: ExportRunOptions,
  selection: Selection,
  { job, work, folder, onBytes }: CopyWork,
): Promise<SourceItem> {
  const files = folderSource(folder)
  const name = urlName(selection.name)
  const there = await files.head(name)
  if (there !== undefined) return there
  const path = join(folder, name)
  const reader = await openSelection(source, selection, { folder: work.folder, fromByte: 0 })
  const file = await createOwn(`${path}.part`, 0o600)
  try {
    const { elements } = job.criteria
    const lineCount = await writeSelection(reader, file, {
      signal: work.signal,
      onBytes,
      ...(elements === undefined || selection.isDeletions ? {} : { elements, version, type: selection.type }),
    })
    if (lineCount !== selection.count) throw damagedSelection(selection)
    await file.datasync()
    await file.close()
    await rename(`${path}.part`, path)
  } finally {
    await reader.close()
    await file.close().catch(() => undefined)
    await rm(`${path}.part`, { force: true })
  }
  const item = await files.head(name)
  if (item === undefined) throw badRequest('The export was removed while it was written.')
  return item
}

const damagedSelection = ({ name, item }: Selection) =>
  sluiceError('STATE_DAMAGED', {
    at: item.name,
    message: `lines that were selected for ${name} are missing`,
    help: 'start a new export',
  })
