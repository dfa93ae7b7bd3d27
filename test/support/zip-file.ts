import { configure, Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from '@zip.js/zip.js'

configure({ useWebWorkers: false })

/** A zip archive in memory. Names may be anything; those of folders end in `/`. */
export async function zipFile(
  files: Readonly<Record<string, string | Uint8Array>>,
  options: { readonly zip64?: boolean; readonly password?: string; readonly level?: number } = {},
): Promise<Buffer> {
  const writer = new ZipWriter(new Uint8ArrayWriter(), { extendedTimestamp: false, ...options })
  for (const [name, content] of Object.entries(files))
    await writer.add(
      name,
      name.endsWith('/') ? undefined : new Uint8ArrayReader(Buffer.from(content)),
      name.endsWith('/') ? { directory: true } : {},
    )
  return Buffer.from(await writer.close())
}

/** Writes another text of the same length over each occurrence of one. */
export function overwritten(bytes: Buffer, from: string, to: string): Buffer {
  const copy = Buffer.from(bytes)
  for (let at = copy.indexOf(from); at >= 0; at = copy.indexOf(from, at + 1)) copy.write(to, at)
  return copy
}

/** Where the records of the directory begin, in order. */
export function directoryRecords(bytes: Buffer): number[] {
  const records: number[] = []
  const signature = Buffer.from('PK\u0001\u0002')
  for (let at = bytes.indexOf(signature); at >= 0; at = bytes.indexOf(signature, at + 1)) records.push(at)
  return records
}
