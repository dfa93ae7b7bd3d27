import type { ElementTree } from '../../../fhir/elements.js'
import { listed } from '../elements/name-list.js'
import type { Place } from '../elements/place.js'
import type { MethodFacts } from '../method-facts.js'
import type { Cover } from './cover.js'

/** A rule and the places it is certain to claim. */
interface ClaimingRule {
  readonly number: number
  readonly method?: MethodFacts | undefined
  readonly covers: Cover
}

const URLS = ['fullUrl', 'request.url', 'request.ifNoneExist', 'response.location'] as const

/**
 * Finds rules that separate the addresses in a Bundle from the ids and references that others hash: they hash an address
 * as a whole, or remove the `fullUrl`.
 */
export function brokenLinks(
  rules: readonly ClaimingRule[],
  tree: ElementTree,
  urls: 'whole' | 'references',
): { readonly rule: number; readonly message: string }[] {
  const bundle = tree.resources.get('Bundle')
  if (bundle === undefined || !hashesReferences(rules, tree)) return []
  const root: Place = { type: bundle, name: '', floating: false }
  const hashed = new Map<number, string[]>()
  let dropping: number | undefined
  for (const path of URLS) {
    const place = placeAt(root, ['entry', ...path.split('.')])
    const claiming = place && rules.find(({ covers }) => covers(place, 'Bundle'))
    if (claiming === undefined) continue
    const { number, method } = claiming
    const hashes = method?.hashesReferences === true
    if (hashes && urls === 'whole') hashed.set(number, [...(hashed.get(number) ?? []), `entry.${path}`])
    else if (path === 'fullUrl' && !hashes && method?.changesNothing !== true) dropping = number
  }
  const found = [...hashed].map(([rule, paths]) => ({
    rule,
    message: `it hashes ${listed(paths)} of a Bundle as a whole, which no hashed id or reference equals; "urls": "references" in the parameters hashes only the ids in them`,
  }))
  if (dropping === undefined) return found
  const message =
    'it removes Bundle.entry.fullUrl, which the references in a Bundle name; before it, hash "Bundle.entry.fullUrl" with cryptoHash and set "urls": "references" in the parameters'
  return [...found, { rule: dropping, message }]
}

function hashesReferences(rules: readonly ClaimingRule[], { dataTypes }: ElementTree): boolean {
  const type = dataTypes.get('Reference')
  const reference = type && placeAt({ type, name: '', floating: true }, ['reference'])
  if (reference === undefined) return false
  return rules.find(({ covers }) => covers(reference, 'Bundle'))?.method?.hashesReferences === true
}

function placeAt(root: Place, names: readonly string[]): Place | undefined {
  let place: Place | undefined = root
  for (const name of names) {
    const parent: Place | undefined = place
    const member = parent?.type.members.get(name)
    place = parent && member && { type: member.type, name, parent, floating: parent.floating }
  }
  return place
}
