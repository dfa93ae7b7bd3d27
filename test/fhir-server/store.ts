import type { Resource } from './resource.js'

/** One version of a resource; without `resource` it is a deletion. */
export interface Version {
  readonly key: string
  readonly type: string
  readonly id: string
  /** From 1; each write makes a new one, so it tells how often a resource was written. */
  readonly version: number
  readonly updatedMs: number
  readonly resource: Resource | undefined
}

/** All resources, in memory. Several writes can be made one that happens as a whole or not at all. */
export class ResourceStore {
  readonly #types = new Map<string, Map<string, Version>>()
  readonly #earlier = new Map<string, Version[]>()
  readonly #now: () => number
  /** Keys written since `takeChanges`: the search index follows from them when it is asked. */
  #changed = new Set<string>()
  /** What to put back if the writes under way fail. */
  #undo: (() => void)[] | undefined
  #lastId = 0

  constructor(now: () => number) {
    this.#now = now
  }

  /** The newest version, also where that is a deletion. */
  current(type: string, id: string): Version | undefined {
    return this.#types.get(type)?.get(id)
  }

  version(type: string, id: string, version: number): Version | undefined {
    const current = this.current(type, id)
    if (current?.version === version) return current
    return this.#earlier.get(`${type}/${id}`)?.find((earlier) => earlier.version === version)
  }

  /** What is there of a type, in the order in which it came. */
  *ofType(type: string): Generator<Version> {
    for (const version of this.#types.get(type)?.values() ?? [])
      if (version.resource !== undefined) yield version
  }

  *all(): Generator<Version> {
    for (const type of this.#types.keys()) yield* this.ofType(type)
  }

  newId(): string {
    this.#lastId += 1
    return `srv-${this.#lastId}`
  }

  /** Writes a new version: the resource with this id, and with the server's own `meta.versionId` and `lastUpdated`. */
  write(type: string, id: string, resource: Resource | undefined, updatedMs = this.#now()): Version {
    const before = this.current(type, id)
    const version = (before?.version ?? 0) + 1
    const written: Version = {
      key: `${type}/${id}`,
      type,
      id,
      version,
      updatedMs,
      resource: resource && withMeta(resource, id, version, updatedMs),
    }
    this.#set(written, before)
    return written
  }

  /** Takes back every write of `work` if it throws. */
  atomically<T>(work: () => T): T {
    this.#undo = []
    try {
      return work()
    } catch (error) {
      for (const undo of this.#undo.reverse()) undo()
      throw error
    } finally {
      this.#undo = undefined
    }
  }

  takeChanges(): ReadonlySet<string> {
    const changed = this.#changed
    if (changed.size > 0) this.#changed = new Set()
    return changed
  }

  clear(): void {
    for (const { key } of this.all()) this.#changed.add(key)
    this.#types.clear()
    this.#earlier.clear()
  }

  #set(written: Version, before: Version | undefined): void {
    const { key, type, id } = written
    const ofType = this.#types.get(type) ?? new Map<string, Version>()
    if (ofType.size === 0) this.#types.set(type, ofType)
    ofType.set(id, written)
    this.#changed.add(key)
    if (before !== undefined) this.#earlier.set(key, [...(this.#earlier.get(key) ?? []), before])
    this.#undo?.push(() => {
      this.#changed.add(key)
      if (before === undefined) ofType.delete(id)
      else {
        ofType.set(id, before)
        this.#earlier.get(key)?.pop()
      }
    })
  }
}

/** With `id` and `meta` behind `resourceType` where they were absent, else in their own places. */
function withMeta(resource: Resource, id: string, version: number, updatedMs: number): Resource {
  const meta = {
    ...resource.meta,
    versionId: String(version),
    lastUpdated: new Date(updatedMs).toISOString(),
  }
  if (resource.id === id && resource.meta !== undefined) return { ...resource, meta }
  const { resourceType, id: _, meta: __, ...rest } = resource
  return { resourceType, id, meta, ...rest }
}
