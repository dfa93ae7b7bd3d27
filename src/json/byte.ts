/** The byte at a position, or -1 after the last one, which equals no byte. */
export const byteAt = (source: Uint8Array, at: number): number => source[at] ?? -1
