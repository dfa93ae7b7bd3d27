import { sluiceError } from '../errors.js'
import type { Source } from './store.js'

/** Only some of a source's items, by their names. Listing throws SOURCE_NOT_FOUND for a name that is not there. */
export function selectedSource(source: Source, names: ReadonlySet<string>): Source {
  return {
    place: source.place,
    ...(source.isRemote === true ? { isRemote: true } : {}),
    isPartial: true,
    get folderName() {
      return source.folderName
    },
    localPaths: () => source.localPaths(),
    async *list(report, listing) {
      const missing = new Set(names)
      for await (const item of source.list(report, listing)) if (missing.delete(item.name)) yield item
      const [first, ...others] = missing
      if (first === undefined) return
      throw sluiceError('SOURCE_NOT_FOUND', {
        at: source.place,
        message: `does not hold ${first}${others.length === 0 ? '' : ` and ${others.length} more of the items listed`}`,
        help: 'give names relative to the input, with /',
      })
    },
    head: async (name) => (names.has(name) ? source.head(name) : undefined),
    open: (item, fromByte, untilByte) => source.open(item, fromByte, untilByte),
    ...(source.acrossHosts === undefined
      ? {}
      : { acrossHosts: async () => selectedSource((await source.acrossHosts?.()) ?? source, names) }),
  }
}
