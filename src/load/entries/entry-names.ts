import { TextHash } from './text-hash.js'

/**
 * What references to the entries of one Bundle become: `Type/id` or `Type?query` by `fullUrl`. Keeps no texts but the
 * ids that are not the end of their `fullUrl`, so that two million entries take about 50 MiB: a table with open
 * addressing, of 64 bits of hash, 16 bits of type and 32 bits of id for each.
 */
export class EntryNames {
  #count = 0
  #hashes = new Uint32Array(2 * INITIAL_PLACES)
  /** 0 for an empty place; else the index of a type and 1, or one of the marks. */
  #types = new Uint16Array(INITIAL_PLACES)
  /** Where the id begins in `#texts`; 0 for the end of the `fullUrl`. */
  #ids = new Uint32Array(INITIAL_PLACES)
  #texts = Buffer.alloc(256)
  #textEnd = 1
  readonly #hash = new TextHash()
  readonly #typeNames: string[] = []
  readonly #typeIndex = new Map<string, number>()

  get size(): number {
    return this.#count
  }

  /** Bytes of the table. */
  get bytes(): number {
    return this.#hashes.byteLength + this.#types.byteLength + this.#ids.byteLength + this.#texts.length
  }

  /** Two entries of one `fullUrl` with different names have none: a reference could mean either. */
  add(fullUrl: string, name: EntryName): void {
    if (this.#count >= this.#types.length * MAX_LOAD) this.#grow()
    const url = normalized(fullUrl)
    const place = this.#placeOf(url)
    if (this.#types[place] !== 0) {
      if (this.#nameAt(place, url) !== nameText(name)) this.#types[place] = AMBIGUOUS
      return
    }
    this.#hashes[2 * place] = this.#hash.low
    this.#hashes[2 * place + 1] = this.#hash.high
    this.#count += 1
    if ('query' in name) {
      this.#types[place] = QUERY
      this.#ids[place] = this.#keep(nameText(name))
      return
    }
    this.#types[place] = this.#typeOf(name.type)
    this.#ids[place] = name.id === endOf(url) ? 0 : this.#keep(name.id)
  }

  /** What to write instead of a reference to an entry; undefined for any other text. */
  replacement(reference: string): string | undefined {
    const hash = reference.indexOf('#')
    if (hash === 0) return undefined
    const whole = hash < 0 ? reference : reference.slice(0, hash)
    const fragment = hash < 0 ? '' : reference.slice(hash)
    const name = this.#find(whole)
    if (name !== undefined) return name + fragment
    const version = whole.indexOf('/_history/')
    const current = version < 0 ? undefined : this.#find(whole.slice(0, version))
    return current === undefined ? undefined : current + whole.slice(version) + fragment
  }

  #find(text: string): string | undefined {
    const url = normalized(text)
    const place = this.#placeOf(url)
    return this.#types[place] === 0 ? undefined : this.#nameAt(place, url)
  }

  #nameAt(place: number, url: string): string | undefined {
    const type = this.#types[place] ?? AMBIGUOUS
    if (type === AMBIGUOUS) return undefined
    const kept = this.#ids[place] ?? 0
    const id = kept === 0 ? endOf(url) : this.#textAt(kept)
    return type === QUERY ? id : `${this.#typeNames[type - 1] ?? ''}/${id}`
  }

  /** The place of a url, or the empty one where it would be. */
  #placeOf(url: string): number {
    this.#hash.take(url)
    const { low, high } = this.#hash
    const places = this.#types.length
    for (let place = low % places; ; place = place + 1 === places ? 0 : place + 1)
      if (
        this.#types[place] === 0 ||
        (this.#hashes[2 * place] === low && this.#hashes[2 * place + 1] === high)
      )
        return place
  }

  #grow(): void {
    const [hashes, types, ids] = [this.#hashes, this.#types, this.#ids]
    const places = Math.ceil(types.length * GROWTH)
    this.#hashes = new Uint32Array(2 * places)
    this.#types = new Uint16Array(places)
    this.#ids = new Uint32Array(places)
    for (let from = 0; from < types.length; from += 1) {
      const type = types[from] ?? 0
      if (type === 0) continue
      const low = hashes[2 * from] ?? 0
      let place = low % places
      while (this.#types[place] !== 0) place = place + 1 === places ? 0 : place + 1
      this.#hashes[2 * place] = low
      this.#hashes[2 * place + 1] = hashes[2 * from + 1] ?? 0
      this.#types[place] = type
      this.#ids[place] = ids[from] ?? 0
    }
  }

  #typeOf(type: string): number {
    const known = this.#typeIndex.get(type)
    if (known !== undefined) return known
    const index = this.#typeNames.length + 1
    // No FHIR version has so many.
    if (index >= QUERY) return AMBIGUOUS
    this.#typeNames.push(type)
    this.#typeIndex.set(type, index)
    return index
  }

  #keep(text: string): number {
    const start = this.#textEnd
    const length = Buffer.byteLength(text)
    while (this.#texts.length < start + LENGTH_BYTES + length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#texts.length * 2, start + LENGTH_BYTES + length))
      this.#texts.copy(larger, 0, 0, start)
      this.#texts = larger
    }
    this.#texts.writeUInt32LE(length, start)
    this.#textEnd = start + LENGTH_BYTES + this.#texts.write(text, start + LENGTH_BYTES)
    return start
  }

  #textAt(start: number): string {
    const from = start + LENGTH_BYTES
    return this.#texts.toString('utf8', from, from + this.#texts.readUInt32LE(start))
  }
}

/** What names an entry's resource on the server. */
export type EntryName =
  | { readonly type: string; readonly id: string }
  /** A search that finds it: its id is the server's. */
  | { readonly type: string; readonly query: string }

const nameText = (name: EntryName): string =>
  'query' in name ? `${name.type}?${name.query}` : `${name.type}/${name.id}`

const INITIAL_PLACES = 64
const MAX_LOAD = 0.8
const GROWTH = 1.5
const LENGTH_BYTES = 4
const AMBIGUOUS = 0xffff
const QUERY = 0xfffe

/** UUIDs are the same in capitals. */
const normalized = (url: string): string =>
  CAPITAL.test(url) && /^urn:uuid:/i.test(url) ? url.toLowerCase() : url

const CAPITAL = /[A-Z]/

const endOf = (url: string): string => url.slice(Math.max(url.lastIndexOf('/'), url.lastIndexOf(':')) + 1)
