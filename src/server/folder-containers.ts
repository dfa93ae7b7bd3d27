import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { folderSink, folderSource } from '../storage/folder.js'
import type { ContainerStore } from './export-run.js'

/** Containers as folders below one root. Names are those that `readParameters` lets through. */
export const folderContainers = (root: string): ContainerStore => ({
  open(container, folder) {
    const path = join(root, container, folder)
    return {
      sink: folderSink(path),
      files: folderSource(path),
      discard: () => rm(path, { recursive: true, force: true }),
    }
  },
})
