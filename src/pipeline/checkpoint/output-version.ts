/** Incremented whenever the same input and configuration give other bytes, so that older checkpoints start over. */
export const OUTPUT_VERSION = 3
