import { entryOf } from './elements.js'
import { readShared, skipWithoutShared } from './shared.js'

const FILE = 'spec/anonymizer-cases.json'

/** The reason why the vectors of the original's unit tests cannot be read; false where they can. */
export const skipVectors = skipWithoutShared(FILE)

/** One group of the vectors. */
export const vectors = <T>(group: string): T =>
  entryOf(JSON.parse(readShared(FILE)) as Record<string, T>, group)
