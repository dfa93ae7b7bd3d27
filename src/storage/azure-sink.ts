import type { BlobContainer } from './blob-container.js'
import { blobState } from './blob-state.js'
import { mostOutputBytes } from './block-layout.js'
import { type BlockSink, BlockSinkItem, contentTypeOf, METADATA } from './block-sink-item.js'
import { checkName } from './names.js'
import type { Lake, Sink, SinkHead } from './store.js'
import { Uploads } from './uploads.js'

const MIB = 2 ** 20
/** Blocks on their way at once, over all items. */
const UPLOADS = { count: 8, bytes: 32 * MIB } as const
const MOST_BLOCK_BYTES = 128 * MIB
// What the smallest block of a large item holds: a chunk.
const CHUNK_BYTES = 4 * MIB

export interface AzureSinkOptions {
  readonly container: BlobContainer
  /** Below the container, ending in `/`, or empty. */
  readonly prefix: string
  /** Where the state lies: never among the outputs. */
  readonly state: { readonly container: BlobContainer; readonly prefix: string }
  /** Make the container if there is none. */
  readonly isToBeCreated?: boolean
  /** What an item may hold back to fill a block; default 128 MiB. */
  readonly mostBlockBytes?: number
  readonly signal?: AbortSignal
}

/** Outputs of many runs below a prefix. */
export function azureLake(options: AzureSinkOptions): Lake {
  const { container, prefix, state, signal } = options
  return {
    place: placeOf(container, prefix),
    isRemote: true,
    state: blobState(state.container, state.prefix, signal),
    sink: (folder) =>
      folder === ''
        ? azureSink(options)
        : azureSink({
            ...options,
            prefix: `${prefix}${folder}/`,
            state: { container: state.container, prefix: `${state.prefix}${folder}/` },
          }),
  }
}

const placeOf = ({ place }: BlobContainer, prefix: string): string =>
  prefix === '' ? place : `${place}/${prefix.slice(0, -1)}`

/** Outputs as block blobs. What is there is listed once; commits are conditional, so that a stale list harms nobody. */
export function azureSink(options: AzureSinkOptions): Sink {
  const { container, prefix, signal } = options
  const mostBlockBytes = Math.min(options.mostBlockBytes ?? MOST_BLOCK_BYTES, MOST_BLOCK_BYTES)
  let listed: Promise<Map<string, Known>> | undefined
  const blobOf = (name: string): string => {
    checkName(name)
    return `${prefix}${name}`
  }
  const known = (): Promise<Map<string, Known>> => {
    listed ??= list(container, prefix)
    return listed
  }
  const look = async (blob: string): Promise<Known | undefined> => {
    const there = await known()
    const entry = there.get(blob)
    if (entry !== 'ask') return entry
    const found = await container.head(blob)
    if (found === undefined) there.delete(blob)
    else there.set(blob, knownOf(found))
    return look(blob)
  }
  const headOf = async (blob: string): Promise<SinkHead | undefined> => {
    const entry = await look(blob)
    return entry === undefined || entry === 'ask' ? undefined : entry.head
  }
  const forget = async (blob: string): Promise<void> => {
    ;(await known()).set(blob, 'ask')
  }
  const shared: BlockSink = {
    container,
    uploads: new Uploads(UPLOADS),
    mostBlockBytes,
    async etagOf(blob) {
      const entry = await look(blob)
      return entry === undefined || entry === 'ask' ? undefined : entry.etag
    },
    head: headOf,
    forget,
  }
  const state = blobState(options.state.container, options.state.prefix, signal)
  return {
    place: placeOf(container, prefix),
    isRemote: true,
    mostOutputBytes: mostOutputBytes(CHUNK_BYTES, mostBlockBytes),
    localPaths: async () => [],
    state: {
      ...state,
      async lock() {
        if (options.isToBeCreated === true) await container.createIfMissing()
        const release = await state.lock()
        listed = undefined
        return release
      },
    },
    head: (name) => headOf(blobOf(name)),
    item: (name, fingerprint) => new BlockSinkItem(shared, blobOf(name), fingerprint),
    async put(name, text) {
      await container.put(blobOf(name), Buffer.from(text), { contentType: contentTypeOf(name) })
      await forget(blobOf(name))
    },
    async get(name) {
      if ((await look(blobOf(name))) === undefined) return undefined
      return (await container.readText(blobOf(name)))?.text
    },
    async remove(name) {
      if ((await look(blobOf(name))) === undefined) return
      await container.delete(blobOf(name))
      await forget(blobOf(name))
    },
  }
}

/** `ask`: it has changed since it was listed. */
type Known = { readonly head: SinkHead; readonly etag: string } | 'ask'

interface Entry {
  readonly bytes: number
  readonly etag: string
  readonly metadata: Readonly<Record<string, string>>
}

/** An output of ours is known by what it holds, any other blob by its ETag. */
function knownOf({ bytes, etag, metadata }: Entry): Known {
  const seal = metadata[METADATA.seal]
  const fingerprint = metadata[METADATA.fingerprint]
  return {
    etag,
    head: { bytes, version: seal ?? etag, ...(fingerprint === undefined ? {} : { fingerprint }) },
  }
}

async function list(container: BlobContainer, prefix: string): Promise<Map<string, Known>> {
  const found = new Map<string, Known>()
  for await (const entry of container.list(prefix)) if (!entry.isFolder) found.set(entry.name, knownOf(entry))
  return found
}
