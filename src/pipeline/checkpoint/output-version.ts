/** Changes whenever the same input and configuration give other bytes: older checkpoints are then started afresh. */
export const OUTPUT_VERSION = 2
