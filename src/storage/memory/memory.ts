import { createHash } from 'node:crypto'
import { sluiceError } from '../../errors.js'
import { checkName, isInHiddenFolder, notAnItem } from '../names.js'
import {
  type LeftOutReason,
  type Listing,
  leftOutEvent,
  type Sink,
  type Source,
  type SourceItem,
  type SourceReader,
  type State,
  UNITS,
} from '../store.js'
import type { MemoryContent, MemoryObject } from './memory-content.js'
import { MemorySinkItem } from './memory-sink-item.js'
import { memoryState } from './memory-state.js'

/** The objects of `content` as items: those with the right ending that are not hidden. */
export function memorySource(content: MemoryContent): Source {
  const { objects, place } = content
  const itemAt = (name: string): SourceItem | undefined => {
    const object = objects.get(name)
    return object && { name, ...headOf(object) }
  }
  return {
    place,
    folderName: place.slice(place.lastIndexOf('/') + 1),
    localPaths: async () => [],
    async *list(report, listing) {
      for (const name of [...objects.keys()].sort()) {
        const leftOut = leftOutOf(name, listing)
        const item = itemAt(name)
        if (leftOut !== undefined) report(leftOutEvent(name, leftOut))
        else if (item !== undefined) yield item
      }
    },
    head: async (name) => itemAt(name),
    open: async (item, fromByte) => new MemoryReader(content, item, fromByte),
  }
}

/** Outputs among the objects of `content`, with their state beside them. `isRemote` makes runs treat it as remote. */
export function memorySink(content: MemoryContent, { isRemote = false } = {}): Sink {
  const alive = content.guard()
  return outputsIn(content, { isRemote, alive, state: memoryState(content, alive) })
}

function outputsIn(
  content: MemoryContent,
  {
    isRemote,
    alive,
    state,
  }: { readonly isRemote: boolean; readonly alive: () => void; readonly state: State },
): Sink {
  const { objects, place } = content
  const checked = (name: string): string => {
    alive()
    checkName(name)
    return name
  }
  return {
    place,
    ...(isRemote ? { isRemote } : {}),
    localPaths: async () => [],
    state,
    unit: (id) => outputsIn(content, { isRemote, alive, state: state.below(`${UNITS}/${id}`) }),
    async head(name) {
      const object = objects.get(checked(name))
      return object && { ...headOf(object), fingerprint: object.fingerprint, mark: object.mark }
    },
    item: (name, fingerprint) => new MemorySinkItem(content, checked(name), fingerprint, alive),
    put: async (name, text) => content.write(checked(name), text),
    get: async (name) => objects.get(checked(name))?.bytes.toString(),
    async digest(name) {
      const object = objects.get(checked(name))
      return object && createHash('sha256').update(object.bytes).digest('hex')
    },
    async remove(name) {
      content.unsettled.delete(checked(name))
      objects.delete(name)
    },
  }
}

const leftOutOf = (name: string, listing?: Listing): LeftOutReason | undefined =>
  notAnItem(name, listing) ?? (isInHiddenFolder(name) ? 'hidden' : undefined)

const headOf = ({ bytes, version }: MemoryObject) => ({ bytes: bytes.length, version })

class MemoryReader implements SourceReader {
  readonly #bytes: Buffer
  #at: number

  readonly #content: MemoryContent
  readonly #item: SourceItem

  constructor(content: MemoryContent, item: SourceItem, fromByte: number) {
    this.#content = content
    this.#item = item
    this.#bytes = this.#current()
    this.#at = fromByte
  }

  async read(target: Uint8Array): Promise<number> {
    this.#current()
    const bytes = this.#bytes.subarray(this.#at, this.#at + target.length)
    target.set(bytes)
    this.#at += bytes.length
    return bytes.length
  }

  async verify(): Promise<void> {
    this.#current()
  }

  async close(): Promise<void> {}

  #current(): Buffer {
    const object = this.#content.objects.get(this.#item.name)
    if (object?.version === this.#item.version) return object.bytes
    throw sluiceError('SOURCE_CHANGED', {
      at: this.#item.name,
      message: 'changed while it was read; nothing of it was committed',
    })
  }
}
