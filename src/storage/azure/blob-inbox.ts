import { createHash } from 'node:crypto'
import { sluiceError } from '../../errors.js'
import { type Arrival, changedArrival, type Inbox, namesFor } from '../inbox.js'
import { checkName, isInHiddenFolder } from '../names.js'
import type { BlobAddress } from './blob-address.js'
import type { BlobContainer } from './blob-container.js'

interface InboxPlace extends Pick<BlobAddress, 'place' | 'endpoint'> {
  readonly prefix: string
}

/** Metadata of a moved blob that names what it was: a move that was cut short finds its copy by it. */
const MOVED = 'sluicemoved'

/** The blobs of a container or a prefix. */
export class BlobInbox implements Inbox {
  readonly place: string
  readonly #endpoint: string
  readonly #prefix: string
  readonly #container: BlobContainer

  constructor(container: BlobContainer, { place, endpoint, prefix }: InboxPlace) {
    this.place = place
    this.#endpoint = endpoint
    this.#prefix = prefix
    this.#container = container
  }

  create(): Promise<void> {
    return this.#container.createIfMissing()
  }

  async *list(): AsyncIterable<Arrival> {
    for await (const { name, bytes, etag, modifiedMs, isFolder } of this.#container.list(this.#prefix)) {
      const relative = name.slice(this.#prefix.length)
      const isHidden = isInHiddenFolder(relative)
      if (!isFolder && !isHidden) yield { name: relative, bytes, version: etag, arrivedMs: modifiedMs }
    }
  }

  async move({ name, version }: Arrival, to: Inbox, target: string): Promise<string> {
    if (!(to instanceof BlobInbox) || to.#endpoint !== this.#endpoint) throw otherStore(to)
    checkName(target)
    const full = this.#prefix + name
    const from = { container: this.#container, name: full, etag: version }
    const mark = createHash('sha256').update(`${this.place}\0${name}\0${version}`).digest('hex')
    const moved = await to.#receive(from, target, mark)
    if (moved === undefined || !(await this.#container.delete(full, { ifMatch: version })))
      throw changedArrival({ name })
    return moved
  }

  /** Copies a blob here under the first free name. Undefined if it is no longer that version. */
  async #receive(
    from: Parameters<BlobContainer['copy']>[1],
    target: string,
    mark: string,
  ): Promise<string | undefined> {
    for (const name of namesFor(target)) {
      const full = this.#prefix + name
      const written = await this.#container.copy(full, from, { [MOVED]: mark })
      if (written.kind === 'done') return name
      if (written.code !== 'BlobAlreadyExists') return undefined
      if ((await this.#container.head(full))?.metadata[MOVED] === mark) return name
    }
    return undefined
  }

  async put(name: string, text: string): Promise<void> {
    checkName(name)
    await this.#container.put(this.#prefix + name, Buffer.from(text), { contentType: 'application/json' })
  }
}

const otherStore = ({ place }: Inbox) =>
  sluiceError('USAGE', {
    at: place,
    message: 'is not in the storage account of the source',
    help: 'files can be moved only within one account; give a container of it',
  })
