import { type ElementType, isPrimitive, type Member } from '../../src/fhir/elements.js'
import type { Random } from './random.js'

/**
 * A random criterion of `where(…)` on elements of a type. `texts` are values that occur in the data, so that some
 * comparisons hold.
 */
export function randomCriterion(
  random: Random,
  type: ElementType,
  texts: readonly string[],
  depth = 0,
): string {
  const makers = depth > 2 ? SIMPLE : ALL
  return random.pick(makers)({ random, type, texts, depth })
}

interface Spot {
  readonly random: Random
  readonly type: ElementType
  readonly texts: readonly string[]
  readonly depth: number
}
type Maker = (spot: Spot) => string

const OPERATORS = new Set(['div', 'mod', 'and', 'or', 'xor', 'implies', 'is', 'as', 'in', 'contains'])
const stepName = ({ name }: Member): string => (OPERATORS.has(name) ? `\`${name}\`` : name)
const inner = (spot: Spot): string => randomCriterion(spot.random, spot.type, spot.texts, spot.depth + 1)

const quoted = (text: string): string =>
  `'${text.replace(/[\\']/g, '\\$&').replace(/[\n\r\t\f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}'`

function literal({ random, texts }: Spot): string {
  const text =
    random.chance(0.7) && texts.length > 0 ? random.pick(texts) : random.pick(['', 'x', ' a', 'Müller'])
  return random.chance(0.85) ? quoted(text) : random.pick(['true', 'false', '0', '1', '12', "'2015'"])
}

/** A path of one to three steps, and the type that it leads to. */
function path(spot: Spot, most = 3): { readonly path: string; readonly type: ElementType } {
  const { random } = spot
  let { type } = spot
  const steps: string[] = []
  const count = random.between(1, most)
  while (steps.length < count) {
    const members = [...type.members.values()]
    if (members.length === 0 || (isPrimitive(type) && random.chance(0.9))) break
    const member = random.pick(members)
    steps.push(stepName(member))
    ;({ type } = member)
    if (member.key !== member.name && random.chance(0.5)) steps.push(`ofType(${type.name})`)
    if (random.chance(0.15)) {
      const criterion = randomCriterion(random, type, spot.texts, spot.depth + 2)
      steps.push(`where(${criterion})`)
    }
  }
  if (steps.length === 0) steps.push(random.chance(0.7) ? '$this' : 'nothing')
  return { path: steps.join('.'), type }
}

const compared: Maker = (spot) => {
  const operator = spot.random.pick(['=', '=', '=', '!='])
  return spot.random.chance(0.85)
    ? `${path(spot).path} ${operator} ${literal(spot)}`
    : `${literal(spot)} ${operator} ${path(spot).path}`
}

/** A path that leads to a number, if one is found soon, compared by its order. */
const ordered: Maker = (spot) => {
  const { random } = spot
  const paths = Array.from({ length: 12 }, () => path(spot))
  const { path: at } = paths.find(({ type }) => type.jsonKind === 'number') ?? path(spot)
  const operator = random.pick(['<', '<=', '>', '>='])
  const number = random.pick([0, 1, 2, 12, 100, 1_000_000])
  return random.chance(0.8) ? `${at} ${operator} ${number}` : `${number} ${operator} ${at}`
}

const SIMPLE: readonly Maker[] = [
  compared,
  compared,
  (spot) => `${path(spot).path}.exists()`,
  (spot) => `${path(spot).path}.empty()`,
  (spot) => path(spot).path,
]

const ALL: readonly Maker[] = [
  ...SIMPLE,
  compared,
  ordered,
  (spot) => `(${inner(spot)}) and (${inner(spot)})`,
  (spot) => `(${inner(spot)}) or (${inner(spot)})`,
  (spot) => `(${inner(spot)}) ${spot.random.pick(['xor', 'implies'])} (${inner(spot)})`,
  (spot) => `(${inner(spot)}).not()`,
  (spot) => {
    const from = path(spot)
    const criterion = randomCriterion(spot.random, from.type, spot.texts, spot.depth + 1)
    return `${from.path}.${spot.random.pick(['where', 'exists', 'all'])}(${criterion})`
  },
  (spot) => {
    const from = path(spot)
    const criterion = randomCriterion(spot.random, from.type, spot.texts, spot.depth + 1)
    return `${from.path}.where(${criterion}).exists()`
  },
  (spot) => `${path(spot).path} in (${literal(spot)} | ${literal(spot)})`,
  (spot) => `${literal(spot)} in ${path(spot).path}`,
  (spot) => `${path(spot).path} contains ${literal(spot)}`,
  (spot) => {
    const part = quoted(spot.random.pick(['', 'http', 'e', '/', ...spot.texts.slice(0, 3)]))
    return `${path(spot).path}.${spot.random.pick(['startsWith', 'endsWith', 'contains'])}(${part})`
  },
  (spot) => `extension(${quoted(spot.texts[0] ?? 'http://x')}).exists()`,
  (spot) => {
    const { path: at, type } = path(spot)
    return `${at} is ${spot.random.chance(0.7) ? type.name : 'string'}`
  },
  (spot) => `${path(spot).path}.length() > 3`,
  (spot) => `${path(spot).path}.count() > 1`,
]
