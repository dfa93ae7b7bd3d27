import type { AnonymizerSpec } from '../../src/anonymizer/spec.js'
import { isSluiceError } from '../../src/errors.js'
import type { ElementTree } from '../../src/fhir/elements.js'
import { ChunkEngine } from './chunk-engine.js'
import { mutated } from './mutate.js'
import type { Random } from './random.js'
import { randomResource } from './random-resource.js'
import { respelled } from './respell.js'
import { specOf } from './spec-of.js'

/** Undefined for a configuration that is refused: some random ones are. */
export function acceptedSpec(config: unknown): AnonymizerSpec | undefined {
  try {
    const spec = specOf(config)
    new ChunkEngine(spec, 'interpreter')
    return spec
  } catch (error) {
    if (isSluiceError(error) && error.code === 'CONFIG_INVALID') return undefined
    throw error
  }
}

/** A line of one of the types, or what is none: as servers write it, spelled otherwise, with long strings, broken. */
export function randomLine(random: Random, tree: ElementTree, types: readonly string[]): Buffer {
  if (random.chance(0.04)) return Buffer.from(random.pick(['', ' ', '\t \r', '{}', 'x', 'null', '\0']))
  const type = random.chance(0.9) ? random.pick(types) : undefined
  const elementCount = random.chance(0.02) ? 600 : random.between(2, 50)
  const line = randomResource(random, tree, { type, elementCount, calm: random.chance(0.7) })
  // A mutation may break the line in two, which is as good a chunk.
  if (random.chance(0.15)) return mutated(random, line)
  if (random.chance(0.3)) return Buffer.from(longer(random, line))
  if (random.chance(0.4)) {
    const [order, spaces, escapes] = [random.chance(0.3), random.chance(0.7), random.chance(0.2)]
    return Buffer.from(respelled(random, line, { order, spaces, escapes }).replaceAll('\n', ' '))
  }
  return Buffer.from(line)
}

/** With one string that is longer than what the walk reads or copies at a time, or than all lines before. */
function longer(random: Random, line: string): string {
  const length = random.pick([14, 30, 63, 200, 5000, 100_000]) + random.below(4)
  return line.replace(
    /(:\s*")(?=[^"]*")/,
    (start) => `${start}${random.pick(['x', 'é', '\\n']).repeat(length)}`,
  )
}
