import type { BigIntStats, Stats } from 'node:fs'
import { readdir, realpath, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { sluiceError } from '../../errors.js'
import { checkName, endingsText, fileNameFault, isItemName, nameFault } from '../names.js'
import { digestOfFile } from '../output-digest.js'
import { type Lake, type Sink, type Source, type SourceItem, type State, UNITS } from '../store.js'
import { isMissing, sinkError, sourceError, writing } from './file-errors.js'
import { openFile } from './file-reader.js'
import { headBy, headOf, pinOf, sharedVersionOf } from './file-version.js'
import { fence, isOutputName } from './folder-epoch.js'
import { flushFolder, folderMaker, readText, temporaryBase, type Writer, writeWhole } from './folder-files.js'
import { namesIn } from './folder-names.js'
import { FileSinkItem } from './folder-sink-item.js'
import { bootId, folderState } from './folder-state.js'

/** The files of a folder, or a single file. `recursive` (default) includes subfolders. */
export const folderSource = (path: string, { recursive = true } = {}): Source =>
  sourceIn(path, path, { recursive, versionOf: pinOf })

function sourceIn(
  path: string,
  base: string,
  {
    recursive,
    versionOf,
  }: { readonly recursive: boolean; readonly versionOf: (stats: BigIntStats) => string },
): Source {
  const itemAt = async (name: string, file: string): Promise<SourceItem> => {
    const head = await headBy(file, versionOf)
    const unreadable = nameFault(name) ?? fileNameFault(name)
    if (head === undefined && unreadable === undefined) throw sourceError({ code: 'ENOENT' }, name)
    return { name, ...(head ?? { bytes: 0, version: 'unreadable' }), ...(unreadable && { unreadable }) }
  }
  // For a single file, the folder it is in; decided by `list`.
  let folder = base
  return {
    place: path,
    get folderName() {
      return basename(folder)
    },
    async localPaths() {
      return [await realpath(path).catch(() => path)]
    },
    async *list(report, listing) {
      const stats = await statsOf(path)
      if (stats.isDirectory()) {
        for await (const name of namesIn(folder, '', { recursive, report, listing }))
          yield await itemAt(name, join(folder, name))
        return
      }
      if (!stats.isFile()) throw unreadable(path, 'is neither a file nor a folder')
      folder = dirname(path)
      if (!isItemName(basename(path), listing)) throw unreadable(path, endingsText(listing))
      yield await itemAt(basename(path), path)
    },
    async head(name) {
      const head = await headBy(join(folder, name), versionOf)
      return head === undefined ? undefined : { name, ...head }
    },
    open: (item, fromByte) => openFile(join(folder, item.name), item, fromByte),
    async acrossHosts() {
      const base = (await statsOf(path)).isFile() ? dirname(path) : path
      return sourceIn(path, base, { recursive, versionOf: sharedVersionOf })
    },
  }
}

async function statsOf(path: string): Promise<Stats> {
  return stat(path).catch((error: unknown) => {
    if (isMissing(error)) throw notFound(path)
    throw sourceError(error, path)
  })
}

/** Outputs in the subfolders of a folder; the state of all of them is in `<folder>.sluice` beside it. */
export function folderLake(
  path: string,
  stateOf = (folder: string): State => folderState(join(stateFolderOf(path), folder)),
): Lake {
  const state = stateOf('')
  return {
    place: path,
    state,
    sink: (folder) =>
      folder === '' ? folderSink(path, state) : folderSink(join(path, folder), stateOf(folder)),
    async remove(folder, first) {
      checkName(folder)
      const outputs = join(path, folder)
      await writing(outputs, async () => {
        await rm(join(outputs, first), { force: true })
        if (await isThere(outputs)) await flushFolder(outputs)
        await rm(outputs, { recursive: true, force: true })
      })
      await stateOf(folder).clear()
    },
  }
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: unknown) => {
      if (isMissing(error)) return false
      throw error
    },
  )

export const stateFolderOf = (path: string): string => `${resolve(path)}.sluice`

/** Outputs in a folder; its state is by default in `<folder>.sluice` beside it. Half-written ones end in `.part`. */
export function folderSink(path: string, state = folderState(stateFolderOf(path))): Sink {
  const folder = resolve(path)
  const prepare = folderMaker(folder)
  const whole = outputsIn(path, {
    prepare,
    state: lockedState(state, async () => {
      const { id, isNew } = state.epoch()
      // Whoever is at work in a unit holds the lock of that, and fences its outputs.
      if (isNew && !(await hasEntries(join(state.place, UNITS))))
        await writing(path, () => fence(folder, id, { recursive: true, isOurs: isOutputName }))
    }),
  })
  return {
    ...whole,
    unit(id, outputs) {
      const own = state.below(`${UNITS}/${id}`)
      const fenceOutputs = async (): Promise<void> => {
        if (!own.epoch().isNew) return
        for (const [inner, names] of temporaryNamesOf(outputs))
          await writing(path, () =>
            fence(join(folder, inner), own.epoch().id, {
              recursive: false,
              isOurs: (name) => names.has(name),
            }),
          )
      }
      return outputsIn(path, { prepare, state: lockedState(own, fenceOutputs) })
    },
  }
}

/** A state that, once it is locked, takes away what earlier holders left half-written. */
const lockedState = (state: State, fenceOff: () => Promise<void>): State => ({
  ...state,
  // Wherever the state is, the bytes it covers are here.
  bootId,
  async lock(waiting) {
    const unlock = await state.lock(waiting)
    try {
      await fenceOff()
    } catch (error) {
      await unlock()
      throw error
    }
    return unlock
  },
})

/** How temporary files of these outputs begin, by their folder. */
function temporaryNamesOf(outputs: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  const names = new Map<string, Set<string>>()
  for (const output of outputs) {
    const inner = dirname(output)
    names.set(inner, (names.get(inner) ?? new Set()).add(temporaryBase(output)))
  }
  return names
}

async function hasEntries(folder: string): Promise<boolean> {
  return (await readdir(folder).catch(() => [])).length > 0
}

function outputsIn(
  path: string,
  { prepare, state }: { readonly prepare: (folder: string) => Promise<void>; readonly state: State },
): Sink {
  const folder = resolve(path)
  const fileOf = (name: string): string => {
    checkName(name)
    return join(folder, name)
  }
  const writer = (): Writer => ({ epoch: state.epoch().id, confirm: state.confirm })
  return {
    place: path,
    nameFault: fileNameFault,
    localPaths: async () => [await realOf(folder), await realOf(state.place)],
    state,
    unit: () => {
      throw new Error('internal error: a unit has no units')
    },
    head: (name) =>
      headOf(fileOf(name)).catch((error: unknown) => {
        throw sinkError(error, name)
      }),
    item: (name, _fingerprint) => new FileSinkItem(fileOf(name), name, { prepare, writer: writer() }),
    async put(name, text) {
      const path = fileOf(name)
      await writing(name, () => writeWhole(path, text, 0o666, writer()))
    },
    get: async (name) => readText(fileOf(name)),
    async digest(name) {
      try {
        return await digestOfFile(fileOf(name))
      } catch (error) {
        if (isMissing(error)) return undefined
        throw sinkError(error, name)
      }
    },
    async remove(name) {
      const path = fileOf(name)
      await writing(name, async () => {
        await state.confirm()
        await rm(path, { force: true })
      })
    },
  }
}

/** Returns the real path of something whose last parts may not exist yet. */
export async function realOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(await realOf(parent), basename(path))
  }
}

const notFound = (path: string) =>
  sluiceError('SOURCE_NOT_FOUND', { at: path, message: 'there is no such file or folder' })

const unreadable = (path: string, why: string) =>
  sluiceError('SOURCE_UNUSABLE', { at: path, message: why, help: 'give a folder or another file' })
