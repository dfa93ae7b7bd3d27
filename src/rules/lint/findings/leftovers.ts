import type { ElementTree, ElementType } from '../../../fhir/elements.js'
import { holdsResources } from '../../automaton/automaton.js'
import type { RulePath } from '../../path/rule-path.js'
import { listed } from '../elements/name-list.js'
import { isRoot, type Place } from '../elements/place.js'
import type { FindingCode } from './codes.js'
import type { Cover } from './cover.js'

type Judgement = { readonly code: FindingCode; readonly message: string } | undefined

/** A rule's places on the resources of one type. */
interface PlacesOfType {
  readonly resource: ElementType
  readonly places: readonly Place[]
}

/**
 * Finds a redact that leaves resources which it seems to remove: each has its own turn, in which `redactsAll` says that
 * everything is removed.
 */
export function resourcesLeft(
  { form }: RulePath,
  found: readonly PlacesOfType[],
  redactsAll: boolean,
): Judgement {
  // A rule on all backbone elements is not aimed at the resources inside some of them.
  if (form.kind === 'byType' && form.name === 'BackboneElement') return undefined
  const places = found.flatMap((one) => one.places)
  const holders = places.filter(({ type }) => !type.isResource && holdsResources(type))
  if (holders.length > 0 && !redactsAll)
    return {
      code: 'leaves-resources',
      message: `redact does not reach the resources in ${names(holders)}: they stay as the rules for their own types leave them; "method": "remove" removes them as well`,
    }
  const shells = places.filter((place) => place.type.isResource && !isRoot(place))
  if (shells.length === 0) return undefined
  return {
    code: 'leaves-resources',
    message: `redact leaves each resource in ${names(shells)} with its resourceType; "method": "remove" removes the whole resource`,
  }
}

const names = (places: readonly Place[]): string =>
  listed([...new Set(places.map(({ name, type }) => (name === '' ? type.name : name)))])

/** Finds a rule that can leave an extension without the `url` that FHIR requires. */
export function extensionsWithoutUrl(
  found: readonly PlacesOfType[],
  keepsParts: boolean,
  { covers, tree }: { readonly covers: readonly Cover[]; readonly tree: ElementTree },
): Judgement {
  const [url, ...dates] = extensionPlaces(tree)
  if (url === undefined) return undefined
  for (const { resource, places } of found) {
    if (covers.some((cover) => cover(url, resource.name))) continue
    if (places.some(isUrl))
      return {
        code: 'extension-without-url',
        message:
          'the url of an extension is removed and its value stays, so nothing says what the value means',
      }
    const leavesParts =
      keepsParts && dates.some((date) => !covers.some((cover) => cover(date, resource.name)))
    if (leavesParts && places.some(({ type }) => type.name === 'Extension'))
      return {
        code: 'extension-without-url',
        message:
          'the url of an extension is removed, and a year, an age or a ZIP code in its value stays: "method": "remove" removes the whole extension',
      }
  }
  return undefined
}

const isUrl = ({ type, name, parent, floating }: Place): boolean =>
  type.name === 'uri' && (name === 'url' ? parent?.type.name === 'Extension' : floating && name === '')

/** Places of the url and the dates of an extension anywhere in a resource. */
function extensionPlaces({ dataTypes }: ElementTree): readonly Place[] {
  const type = dataTypes.get('Extension')
  if (type === undefined) return []
  const parent: Place = { type, name: 'extension', floating: true }
  const members = ['url', 'valueDate', 'valueDateTime', 'valueInstant'].map((key) => type.members.get(key))
  return members.flatMap((member) =>
    member === undefined ? [] : [{ type: member.type, name: member.name, parent, floating: true }],
  )
}
