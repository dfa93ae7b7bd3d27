/** Returns the byte at a position, or -1 past the end, which equals no byte. */
export const byteAt = (source: Uint8Array, at: number): number => source[at] ?? -1
