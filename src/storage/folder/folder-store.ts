import { join, resolve, sep } from 'node:path'
import type { Location, StoreKind } from '../location.js'
import { folderLake, folderSource, realOf, stateFolderOf } from './folder.js'
import { readText } from './folder-files.js'
import { FolderInbox } from './folder-inbox.js'
import { folderOutput } from './folder-output.js'
import { folderState } from './folder-state.js'

const LOAD_STATE_ENDING = '.load'

/** Folders and files of this machine. */
export const folderStore: StoreKind = {
  name: 'folder',
  schemes: [],
  spellings: ['a path'],
  placeOf: (path) => path,
  localPaths: (path) => ({ outputs: path, state: stateFolderOf(path) }),
  locate: (path) => folderLocation(path),
}

function folderLocation(path: string): Location {
  const root = async (): Promise<string> => {
    const real = await realOf(resolve(path))
    return real.endsWith(sep) ? real : `${real}${sep}`
  }
  return {
    place: path,
    localPath: path,
    source: async () => folderSource(path),
    lake: async ({ stateOf }) => folderLake(path, stateOf),
    states:
      async () =>
      (folder = '') =>
        folderState(join(path, folder)),
    stateLocation: () => folderLocation(stateFolderOf(path)),
    loadStateLocation: () => folderLocation(`${resolve(path)}${LOAD_STATE_ENDING}`),
    outputFiles: async () => folderOutput(path),
    inbox: async () => new FolderInbox(path),
    readText: () => readText(path),
    below: (name) => folderLocation(join(path, name)),
    root,
    readableRoot: root,
  }
}
