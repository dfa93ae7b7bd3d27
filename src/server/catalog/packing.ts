/** How an item is compressed, as indexes and jobs record it. */
export interface Packing {
  readonly isGzip: boolean
  /** Absent for items that are not, and in records of earlier versions. */
  readonly isZstd?: true
}

export const packingOf = ({ isGzip, isZstd }: Packing): Packing => ({
  isGzip,
  ...(isZstd === true ? { isZstd } : {}),
})

/** Whether the item must be decompressed, and so read from its start. */
export const isPacked = ({ isGzip, isZstd }: Packing): boolean => isGzip || isZstd === true
