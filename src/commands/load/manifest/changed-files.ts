import { isSluiceError } from '../../../errors.js'
import { parseJson } from '../../../json/parse.js'
import { isRecord } from '../../../json/record.js'
import type { Source, SourceItem, State } from '../../../storage/store.js'

const NAME = 'manifest/changes.json'

/**
 * A source whose versions do not say that a file has changed: that is seen only when it is read again. Such a file gets
 * another version from then on, so that nothing of what was loaded before counts for it.
 */
export function withChanges(source: Source, state: State): Source {
  const changesOf = async (): Promise<Record<string, unknown>> => {
    const kept = parseJson((await state.read(NAME)) ?? '')
    return isRecord(kept) ? kept : {}
  }
  const versions = new Map<string, string>()
  const noted = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      if (isSluiceError(error) && error.code === 'SOURCE_CHANGED') {
        const changes = await changesOf()
        const count = changes[name]
        await state.write(
          NAME,
          JSON.stringify({ ...changes, [name]: (typeof count === 'number' ? count : 0) + 1 }),
        )
      }
      throw error
    }
  }
  const itemOf = (item: SourceItem, count: unknown): SourceItem => {
    versions.set(item.name, item.version)
    return typeof count === 'number' ? { ...item, version: `${item.version}-${count}` } : item
  }
  return {
    ...source,
    async *list(report, listing) {
      const changes = await changesOf()
      for await (const item of source.list(report, listing)) yield itemOf(item, changes[item.name])
    },
    async head(name) {
      const item = await source.head(name)
      return item && itemOf(item, (await changesOf())[name])
    },
    async open(item, fromByte) {
      const { name } = item
      const inner = { ...item, version: versions.get(name) ?? item.version }
      const reader = await noted(name, () => source.open(inner, fromByte))
      return {
        read: (target) => noted(name, () => reader.read(target)),
        verify: () => noted(name, () => reader.verify()),
        close: () => reader.close(),
      }
    },
  }
}
