import { sluiceError } from '../errors.js'
import { checkZstd } from './zstd.js'

export type CompressionFormat = 'gzip' | 'zstd'

/** How outputs are compressed. It decides their bytes, so it is part of the fingerprint of a run. */
export interface Compression {
  readonly format: CompressionFormat
  readonly level: number
}

/** What a caller says about compression; without any of it, outputs are not compressed. */
export interface CompressionOptions {
  /** Compress the outputs with gzip: true for the default level, or a level from 1 (fastest) to 9 (smallest). */
  readonly gzip?: boolean | number | undefined
  /** The same with zstd, from 1 to 19. Needs Node 22.15. */
  readonly zstd?: boolean | number | undefined
}

/**
 * Levels of each format. The default of gzip is 3: on anonymized resources it takes 6 % more time than level 1 and
 * half of the time of level 6, whose files are a seventh smaller. That of zstd is 1, which takes a third of that time,
 * and whose files are smaller than those of gzip at any level; levels up to 9 only take longer.
 */
export const LEVELS = {
  gzip: { min: 1, max: 9, default: 3 },
  zstd: { min: 1, max: 19, default: 1 },
} as const

/** Ending of the names of compressed files. */
const ENDINGS = { gzip: '.gz', zstd: '.zst' } as const

const PACKED = /\.(?:gz|zst)$/i

/** Settles what the caller says. Undefined for none. Throws USAGE for what is not possible. */
export function compressionOf({ gzip = false, zstd = false }: CompressionOptions): Compression | undefined {
  if (gzip !== false && zstd !== false)
    throw sluiceError('USAGE', { message: 'outputs are compressed with gzip or with zstd, not with both' })
  if (gzip !== false) return { format: 'gzip', level: levelOf('gzip', gzip) }
  if (zstd === false) return undefined
  const level = levelOf('zstd', zstd)
  checkZstd()
  return { format: 'zstd', level }
}

function levelOf(format: CompressionFormat, said: true | number): number {
  const { min, max, default: usual } = LEVELS[format]
  const level = said === true ? usual : said
  if (!Number.isInteger(level) || level < min || level > max)
    throw sluiceError('USAGE', { message: `${format} must be a level between ${min} and ${max}` })
  return level
}

/** The name of an item's output: the item's, with the ending that says how the output is compressed. */
export const outputName = (itemName: string, compression: Compression | undefined): string =>
  bareName(itemName) + (compression === undefined ? '' : ENDINGS[compression.format])

/** The name without the ending of a compressed file. */
export const bareName = (name: string): string => name.replace(PACKED, '')

/** How a file of this name should be compressed. */
export function namedFormat(name: string): CompressionFormat | undefined {
  const ending = PACKED.exec(name)?.[0].toLowerCase()
  if (ending === undefined) return undefined
  return ending === ENDINGS.gzip ? 'gzip' : 'zstd'
}
