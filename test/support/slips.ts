import type { ElementTree } from '../../src/fhir/elements.js'
import type { Random } from './random.js'
import { randomPath } from './random-path.js'

/** A path as people get it wrong: a slip in a name, another case, JSON's names, missing or other quotes. */
export function slippedPath(random: Random, tree: ElementTree, resourceType: string): string {
  const { path } = randomPath(random, tree, resourceType, 'any')
  return random.pick(SLIPS)(path, random)
}

type Slip = (path: string, random: Random) => string

const inName =
  (change: (name: string, random: Random) => string): Slip =>
  (path, random) => {
    const names = [...path.matchAll(/[A-Za-z]{3,}/g)]
    if (names.length === 0) return path
    const { 0: name, index } = random.pick(names)
    return path.slice(0, index) + change(name, random) + path.slice(index + name.length)
  }

const SLIPS: readonly Slip[] = [
  (path) => path,
  inName((name, random) => {
    const at = random.below(name.length - 1)
    return name.slice(0, at) + name.charAt(at + 1) + name.charAt(at) + name.slice(at + 2)
  }),
  inName((name, random) => name.slice(0, random.below(name.length)) + name.slice(random.below(name.length))),
  inName((name) =>
    name.charAt(0) === name.charAt(0).toUpperCase()
      ? name.charAt(0).toLowerCase() + name.slice(1)
      : name.charAt(0).toUpperCase() + name.slice(1),
  ),
  inName((name) => name.toLowerCase()),
  (path) => path.replace(/'([^']*)'/, '"$1"'),
  (path) => path.replace(/'([A-Za-z]+)'/, '$1'),
  (path) =>
    path.replace(/\.ofType\((\w)(\w*)\)| as (\w)(\w*)/, (_, a, b, c, d) => (a ?? c).toUpperCase() + (b ?? d)),
  (path) => `${path}[x]`,
  (path) => path.replace('.ofType(', '.is('),
  (path) => `${path}.exists()`,
  (path) => `${path}.where(value = 'x')`,
  (path) => `${path}.where(code = 'x' or use = 'old')`,
  (path) => `${path}.where(period.start > @2015)`,
  (path) => `${path}.where(text.lower() = 'x')`,
]
