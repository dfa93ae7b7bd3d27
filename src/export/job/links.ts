import type { ExportFile, Manifest } from './manifest.js'

/** Current addresses of the files. They expire, and the server gives new ones when asked again. */
export interface Links {
  readonly requiresAccessToken: boolean
  urlOf(name: string): URL
  /** Asks for new addresses, once for all callers that found the same one dead. Returns whether there is a new one. */
  refreshed(name: string, dead: URL): Promise<boolean>
}

/** `poll` fetches the current manifest. Throws what `poll` throws. */
export function linksOf(manifest: Manifest, poll: () => Promise<Manifest>): Links {
  let current = byName(manifest)
  let asking: Promise<void> | undefined
  const urlOf = (name: string): URL => {
    const file = current.get(name)
    if (file === undefined) throw new Error('a file that the manifest does not have')
    return file.url
  }
  return {
    requiresAccessToken: manifest.requiresAccessToken,
    urlOf,
    async refreshed(name, dead) {
      if (urlOf(name).href !== dead.href) return true
      asking ??= poll()
        .then((fresh) => {
          const next = byName(fresh)
          // Names are made of type and position, so only a manifest of the same files may replace this one.
          if (isSame(current, next) && fresh.transactionTime === manifest.transactionTime) current = next
        })
        .finally(() => {
          asking = undefined
        })
      await asking
      return urlOf(name).href !== dead.href
    },
  }
}

const byName = ({ output, deleted, outcomes }: Manifest): ReadonlyMap<string, ExportFile> =>
  new Map([...output, ...deleted, ...outcomes].map((file) => [file.name, file]))

const isSame = (a: ReadonlyMap<string, ExportFile>, b: ReadonlyMap<string, ExportFile>): boolean =>
  a.size === b.size && [...a].every(([name, { count }]) => b.has(name) && b.get(name)?.count === count)
