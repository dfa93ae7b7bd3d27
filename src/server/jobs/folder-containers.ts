import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { folderSink, folderSource } from '../../storage/folder/folder.js'
import type { ContainerStore } from './export-work.js'

/** Containers as folders below one root. `readParameters` has already checked the names. */
export const folderContainers = (root: string): ContainerStore => ({
  async open(container, folder) {
    const path = join(root, container, folder)
    return {
      sink: (state) => folderSink(path, state),
      files: async () => folderSource(path),
      discard: () => rm(path, { recursive: true, force: true }),
    }
  },
})
