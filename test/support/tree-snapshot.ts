import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Every entry below a folder, by its path in Latin-1: its kind, permissions and content, and which version it is; nothing for a missing folder. */
export function treeSnapshot(folder: string, leaveOut: (path: string) => boolean = () => false) {
  const found = new Map<string, string>()
  const visit = (path: Buffer): void => {
    for (const name of readdirSync(path, { encoding: 'buffer' })) {
      const inner = Buffer.concat([path, Buffer.from('/'), name])
      const shown = inner.toString('latin1').slice(Buffer.byteLength(folder) + 1)
      if (leaveOut(shown)) continue
      const stats = lstatSync(inner, { bigint: true })
      // A folder's time changes with temporary files; its names are looked at themselves.
      const version = stats.isDirectory() ? '' : `${stats.ino} ${stats.mtimeNs}`
      found.set(shown, [stats.mode, version, contentOf(inner, stats)].join(' '))
      if (stats.isDirectory()) visit(inner)
    }
  }
  if (existsSync(folder)) visit(Buffer.from(folder))
  return Object.fromEntries([...found].sort())
}

function contentOf(path: Buffer, stats: ReturnType<typeof lstatSync>): string {
  if (stats?.isSymbolicLink()) return readlinkSync(path, { encoding: 'latin1' })
  if (!stats?.isFile()) return ''
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}
