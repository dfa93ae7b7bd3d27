/** One thing below a place that is checked. */
export interface FoundFile {
  /** Relative to the place, with `/`. */
  readonly name: string
  readonly bytes: number
  readonly kind: 'file' | 'link' | 'not-a-file'
}

/** All that a folder or container holds, hidden files and links included. */
export interface OutputFiles {
  readonly place: string
  /** Throws SOURCE_NOT_FOUND, SOURCE_*. */
  list(): AsyncIterable<FoundFile>
  /** The bytes of a file, which is never reached through a link. Throws SOURCE_*. */
  read(file: FoundFile): AsyncIterable<Uint8Array>
}
