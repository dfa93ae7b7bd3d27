import type { Prepared } from '../../../src/load/prepared.js'
import type { LoadEntry } from '../../../src/load/unit.js'
import type { Resource } from '../../fhir-server/resource.js'
import type { TestFhirServer } from '../../fhir-server/server.js'
import type { Random } from '../../support/random.js'

type Json = Record<string, unknown>

export interface BundleEntry {
  readonly fullUrl?: string
  readonly resource?: Json
  readonly request?: NonNullable<LoadEntry['request']>
}

export const uuid = (n: number): string => `urn:uuid:0c3151bd-1cbf-4d64-b04d-${String(n).padStart(12, '0')}`

/** As a Bundle holds it. */
export const bundleEntry = ({ method, url, ifNoneExist, fullUrl, body }: Prepared): BundleEntry => ({
  ...(fullUrl === undefined ? {} : { fullUrl }),
  resource: JSON.parse(body.toString()) as Json,
  request: { method, url, ...(ifNoneExist === undefined ? {} : { ifNoneExist }) },
})

/** Throws for any answer but 200. */
export async function sendTransaction(server: TestFhirServer, entry: readonly BundleEntry[]): Promise<void> {
  const response = await fetch(server.base, {
    method: 'POST',
    headers: { 'content-type': 'application/fhir+json' },
    body: JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry }),
  })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${response.status} ${text}`)
}

/** Each reference on the server as `from place to`, by the names that the test gave the resources. */
export function graphOf(server: TestFhirServer): readonly string[] {
  const nameOf = ({ identifier }: Json): string =>
    (identifier as readonly { value: string }[])[0]?.value ?? ''
  const resources = server.resources() as ReadonlyMap<string, unknown> as ReadonlyMap<string, Json>
  const names = new Map([...resources].map(([key, resource]) => [key, nameOf(resource)]))
  return [...resources.values()]
    .flatMap((resource) =>
      ((resource.extension ?? []) as readonly { url: string; valueReference: { reference: string } }[]).map(
        ({ url, valueReference: { reference } }) =>
          `${nameOf(resource)} ${url} ${names.get(reference) ?? reference}`,
      ),
    )
    .sort()
}

const TYPES = ['Patient', 'Practitioner', 'Organization', 'Location']

/**
 * Resources that refer to each other in every way, and what the server has before. With `isAcyclic`, what is created
 * under a condition refers only to such entries before it, as no order could load the others one by one.
 */
export function randomTransaction(random: Random, { isAcyclic = false } = {}) {
  const count = random.between(1, 8)
  const seeds: Resource[] = []
  const drafts = Array.from({ length: count }, (_, n) => {
    const type = random.pick(TYPES)
    const way = random.pick(['post', 'post', 'put', 'if-none-exist'])
    const id = `r${n}`
    const identifier = [{ system: 's', value: `name${n}` }]
    if (way === 'if-none-exist' && random.chance(0.5))
      seeds.push({ resourceType: type, id: `seed${n}`, identifier })
    const fullUrl = random.chance(0.7) || way !== 'put' ? uuid(n) : `http://old/fhir/${type}/${id}`
    const url = way === 'put' ? `${type}/${id}` : type
    const request = {
      method: way === 'put' ? 'PUT' : 'POST',
      url,
      ...(way === 'if-none-exist' ? { ifNoneExist: `identifier=s|name${n}` } : {}),
    }
    const ownId = way === 'put' || random.chance(0.5) ? { id } : {}
    return { fullUrl, request, resource: { resourceType: type, ...ownId, identifier } as Json }
  })
  const entries = drafts.map((draft, place): BundleEntry => {
    const isBefore = ({ request }: BundleEntry, at: number): boolean =>
      request?.ifNoneExist === undefined || at < place
    const targets = isAcyclic && draft.request.ifNoneExist !== undefined ? drafts.filter(isBefore) : drafts
    const extension = Array.from({ length: targets.length === 0 ? 0 : random.below(4) }, (_, n) => {
      const to = random.pick(targets)
      const byUrl = to.request.method === 'PUT' && random.chance(0.3) ? to.request.url : to.fullUrl
      return { url: `place${n}`, valueReference: { reference: byUrl } }
    })
    const conditional =
      seeds.length > 0 && random.chance(0.5)
        ? [{ url: 'found', valueReference: { reference: conditionFor(random.pick(seeds)) } }]
        : []
    return { ...draft, resource: { ...draft.resource, extension: [...extension, ...conditional] } }
  })
  return { entries: random.shuffled(entries), seeds }
}

const conditionFor = ({ resourceType, identifier }: Json): string => {
  const [first] = identifier as readonly { value: string }[]
  return `${String(resourceType)}?identifier=s|${first?.value}`
}
