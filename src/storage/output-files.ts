/** An entry below a checked place. */
export interface FoundFile {
  /** Name relative to the place, with `/`. */
  readonly name: string
  readonly bytes: number
  readonly kind: 'file' | 'link' | 'not-a-file'
}

/** Everything in a folder or container, including hidden files and links. */
export interface OutputFiles {
  readonly place: string
  /** Lists all entries. Throws SOURCE_NOT_FOUND, SOURCE_*. */
  list(): AsyncIterable<FoundFile>
  /** Reads a file, never through a link. Throws SOURCE_*. */
  read(file: FoundFile): AsyncIterable<Uint8Array>
}
