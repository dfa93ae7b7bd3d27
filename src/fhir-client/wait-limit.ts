/** Servers that ask for hours are often back in minutes. One that really needs longer will ask again. */
export const MAX_ASKED_MS = 300_000
