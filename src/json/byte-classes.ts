export const QUOTE = 0x22
export const BACKSLASH = 0x5c

export const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39

/** Whether a byte is a hexadecimal digit: 1 or 0, by byte value. */
export const HEX = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[\da-fA-F]/.test(String.fromCharCode(byte)) ? 1 : 0,
)
