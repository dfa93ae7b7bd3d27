/** Servers ask to come back in hours and are back in minutes; one that insists says so again. */
export const LONGEST_ASKED_MS = 300_000
