import { checkName } from '../../names.js'
import { OutputDigest } from '../../output-digest.js'
import { type Lake, type Sink, type SinkHead, type State, UNITS } from '../../store.js'
import type { BlobContainer } from '../blob-container.js'
import { maxOutputBytes } from './block-layout.js'
import { type BlockSink, BlockSinkItem, contentTypeOf, METADATA } from './block-sink-item.js'
import { Uploads } from './block-uploads.js'

const MIB = 2 ** 20
/** Maximum number of blocks in flight over all items. */
const UPLOADS = { count: 8, bytes: 32 * MIB } as const
const MAX_BLOCK_BYTES = 128 * MIB
// Size of the smallest block of a large item: a chunk.
const CHUNK_BYTES = 4 * MIB

export interface AzureSinkOptions {
  readonly container: BlobContainer
  /** Address for messages and reports, without credentials. */
  readonly place: string
  /** Prefix below the container, ending in `/`, or empty. */
  readonly prefix: string
  /** The state, never among the outputs. */
  readonly state: State
  /** Maximum bytes that an item may hold back to fill a block; default 128 MiB. */
  readonly maxBlockBytes?: number
}

export interface AzureLakeOptions extends Omit<AzureSinkOptions, 'state'> {
  /** State of one run's folder; with an empty name, of the place itself; without a name, of all runs together. */
  readonly stateOf: (folder?: string) => State
}

/** Outputs of many runs below a prefix. */
export function azureLake({ stateOf, ...options }: AzureLakeOptions): Lake {
  const { place, prefix } = options
  return {
    place,
    isRemote: true,
    state: stateOf(),
    sink: (folder) =>
      azureSink({
        ...options,
        state: stateOf(folder),
        ...(folder === '' ? {} : { place: `${place}/${folder}`, prefix: `${prefix}${folder}/` }),
      }),
    async remove(folder, first) {
      checkName(folder)
      const { container } = options
      const below = `${prefix}${folder}/`
      await container.delete(`${below}${first}`)
      // Blobs with only staged blocks vanish by themselves. Deepest first, because a directory can be removed only
      // when empty.
      const names: string[] = []
      for await (const { name } of container.list(below)) names.push(name)
      for (const name of [...names.reverse(), `${prefix}${folder}`]) await container.delete(name)
      await stateOf(folder).clear()
    },
  }
}

/** Outputs as block blobs. Existing ones are listed once; commits are conditional, so a stale list does no harm. */
export const azureSink = (options: AzureSinkOptions): Sink =>
  outputsIn(options, { uploads: new Uploads(UPLOADS), isListed: true })

interface OutputsOptions {
  readonly uploads: Uploads
  /** Whether existing outputs are listed, rather than each asked for. */
  readonly isListed: boolean
}

function outputsIn(options: AzureSinkOptions, { uploads, isListed }: OutputsOptions): Sink {
  const { container, place, prefix, state } = options
  const maxBlockBytes = Math.min(options.maxBlockBytes ?? MAX_BLOCK_BYTES, MAX_BLOCK_BYTES)
  let listed: Promise<Map<string, Known>> | undefined
  const blobOf = (name: string): string => {
    checkName(name)
    return `${prefix}${name}`
  }
  const known = (): Promise<Map<string, Known>> => {
    listed ??= isListed ? list(container, prefix) : Promise.resolve(new Map())
    return listed
  }
  const look = async (blob: string): Promise<ExistingBlob | undefined> => {
    const there = await known()
    const entry = there.get(blob) ?? (isListed ? 'absent' : 'ask')
    if (entry !== 'ask') return entry === 'absent' ? undefined : entry
    const found = await container.head(blob)
    const now = found === undefined ? undefined : knownOf(found)
    there.set(blob, now ?? 'absent')
    return now
  }
  const headOf = async (blob: string): Promise<SinkHead | undefined> => (await look(blob))?.head
  const forget = async (blob: string): Promise<void> => {
    ;(await known()).set(blob, 'ask')
  }
  const shared: BlockSink = {
    container,
    uploads,
    maxBlockBytes,
    etagOf: async (blob) => (await look(blob))?.etag,
    head: headOf,
    forget,
  }
  return {
    place,
    isRemote: true,
    maxOutputBytes: maxOutputBytes(CHUNK_BYTES, maxBlockBytes),
    localPaths: async () => [],
    state: {
      ...state,
      async lock(waiting) {
        const release = await state.lock(waiting)
        listed = undefined
        return release
      },
    },
    head: (name) => headOf(blobOf(name)),
    item: (name, fingerprint) => new BlockSinkItem(shared, blobOf(name), fingerprint),
    unit: (id) =>
      outputsIn({ ...options, state: state.below(`${UNITS}/${id}`) }, { uploads, isListed: false }),
    async put(name, text) {
      await container.put(blobOf(name), Buffer.from(text), { contentType: contentTypeOf(name) })
      await forget(blobOf(name))
    },
    async get(name) {
      if ((await look(blobOf(name))) === undefined) return undefined
      return (await container.readText(blobOf(name)))?.text
    },
    digest: (name) => digestOfBlob(container, blobOf(name)),
    async remove(name) {
      if ((await look(blobOf(name))) === undefined) return
      await container.delete(blobOf(name))
      await forget(blobOf(name))
    },
  }
}

async function digestOfBlob(container: BlobContainer, name: string): Promise<string | undefined> {
  const there = await container.head(name)
  if (there === undefined) return undefined
  const digest = new OutputDigest()
  const reader = container.read(name, { etag: there.etag, fromByte: 0, toByte: there.bytes })
  try {
    const buffer = Buffer.allocUnsafe(MIB)
    for (;;) {
      const count = await reader.read(buffer)
      if (count === 0) return digest.value
      digest.add([buffer.subarray(0, count)])
    }
  } finally {
    reader.close()
  }
}

/** `ask` means that it has changed since it was listed, or was never asked for. */
type Known = ExistingBlob | 'absent' | 'ask'

interface ExistingBlob {
  readonly head: SinkHead
  readonly etag: string
}

interface Entry {
  readonly bytes: number
  readonly etag: string
  readonly metadata: Readonly<Record<string, string>>
}

/** Version of an output: ours by its contents, any other blob by its ETag. */
function knownOf({ bytes, etag, metadata }: Entry): ExistingBlob {
  const seal = metadata[METADATA.seal]
  const { [METADATA.fingerprint]: fingerprint, [METADATA.mark]: mark } = metadata
  return {
    etag,
    head: {
      bytes,
      version: seal ?? etag,
      ...(fingerprint === undefined ? {} : { fingerprint }),
      ...(mark === undefined ? {} : { mark }),
    },
  }
}

async function list(container: BlobContainer, prefix: string): Promise<Map<string, Known>> {
  const found = new Map<string, Known>()
  for await (const entry of container.list(prefix)) if (!entry.isFolder) found.set(entry.name, knownOf(entry))
  return found
}
