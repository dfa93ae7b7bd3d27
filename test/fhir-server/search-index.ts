import { isRecord } from '../../src/json/record.js'
import { literalTarget, referencesIn } from './references.js'
import type { ResourceStore, Version } from './store.js'

/** What lies behind a key in the index: its own entries, so that they can be taken out again. */
interface Indexed {
  readonly targets: ReadonlySet<string>
  readonly identifiers: ReadonlySet<string>
}

/** Who refers to a resource, and who has an identifier. It follows the store when it is asked. */
export class SearchIndex {
  readonly #store: ResourceStore
  readonly #byTarget = new Map<string, Set<string>>()
  readonly #byIdentifier = new Map<string, Set<string>>()
  readonly #indexed = new Map<string, Indexed>()

  constructor(store: ResourceStore) {
    this.#store = store
  }

  /** Keys of what refers to `Type/id`, from any element. */
  referrers(target: string): ReadonlySet<string> {
    this.#follow()
    return this.#byTarget.get(target) ?? NOTHING
  }

  /** Keys of what has an identifier of this value, in any system. */
  withIdentifier(value: string): ReadonlySet<string> {
    this.#follow()
    return this.#byIdentifier.get(value) ?? NOTHING
  }

  #follow(): void {
    for (const key of this.#store.takeChanges()) {
      const before = this.#indexed.get(key)
      for (const target of before?.targets ?? []) this.#byTarget.get(target)?.delete(key)
      for (const value of before?.identifiers ?? []) this.#byIdentifier.get(value)?.delete(key)
      const [type = '', id = ''] = key.split('/')
      const now = entriesOf(this.#store.current(type, id))
      if (now === undefined) this.#indexed.delete(key)
      else {
        this.#indexed.set(key, now)
        for (const target of now.targets) add(this.#byTarget, target, key)
        for (const value of now.identifiers) add(this.#byIdentifier, value, key)
      }
    }
  }
}

const NOTHING: ReadonlySet<string> = new Set()

function add(index: Map<string, Set<string>>, entry: string, key: string): void {
  const keys = index.get(entry)
  if (keys === undefined) index.set(entry, new Set([key]))
  else keys.add(key)
}

function entriesOf(version: Version | undefined): Indexed | undefined {
  const resource = version?.resource
  if (resource === undefined) return undefined
  const targets = new Set(referencesIn(resource).flatMap((text) => literalTarget(text) ?? []))
  const identifiers = new Set(
    [resource.identifier].flat().flatMap((identifier) => {
      const value = isRecord(identifier) ? identifier.value : undefined
      return typeof value === 'string' ? [value] : []
    }),
  )
  return { targets, identifiers }
}
