import { sluiceError } from '../errors.js'
import type { Sink, Source } from './store.js'

/** Files of a folder, or a single file. `recursive` (default) includes its sub-folders. */
export function folderSource(path: string, _options?: { readonly recursive?: boolean }): Source {
  throw sluiceError('SOURCE_NOT_FOUND', `no folder source for ${path}`, { blame: 'user', retry: 'never' })
}

/** Outputs in a folder, its state in `<folder>.sluice` beside it. */
export function folderSink(path: string): Sink {
  throw sluiceError('SINK_UNWRITABLE', `no folder sink for ${path}`, { blame: 'user', retry: 'never' })
}
