import { sluiceError } from '../../errors.js'
import type { FhirServer } from '../../fhir-client/server.js'

/** A file of the manifest. */
export interface ExportFile {
  /** Name of the item, made from type and position in the manifest, never from the address. */
  readonly name: string
  /** Undefined if files hold several types (`organizeOutputBy`). */
  readonly resourceType?: string | undefined
  readonly url: URL
  /** Number of resources in the file. */
  readonly count?: number | undefined
  readonly bytes?: number | undefined
}

export interface Manifest {
  /** The export holds everything older and nothing newer, so this is the next `_since`. */
  readonly transactionTime?: string | undefined
  readonly requiresAccessToken: boolean
  readonly output: readonly ExportFile[]
  readonly deleted: readonly ExportFile[]
  readonly outcomes: readonly ExportFile[]
  readonly isOrganized: boolean
}

type Entry = Readonly<Record<string, unknown>>

/** Whether this can be a manifest. In versions 1 to 4 only `output` is required; a lone `error` may be a gateway's. */
export const isManifest = (body: Entry): boolean =>
  body.resourceType === undefined &&
  (['output', 'transactionTime', 'requiresAccessToken'].some((name) => name in body) ||
    Array.isArray(body.error) ||
    Array.isArray(body.outcome))

/** Returns the address of the next page, if any. Throws EXPORT_INVALID. */
export function nextPage(body: Entry, server: FhirServer): URL | undefined {
  const next = entries(body.link, 'link', server).find(({ relation }) => relation === 'next')
  return next === undefined ? undefined : server.addressOf(next.url, 'the next page')
}

/** Merges the pages of a manifest. Throws EXPORT_INVALID if it cannot be used safely. */
export function parseManifest(pages: readonly Entry[], server: FhirServer): Manifest {
  const first: Entry = pages[0] ?? {}
  const lists = (name: string): Entry[] =>
    pages.flatMap((page) => {
      const list = entries(page[name], name, server)
      return list as Entry[]
    })
  const names = namer()
  const isOrganized = typeof first.outputOrganizedBy === 'string' && first.outputOrganizedBy !== ''
  const file = (
    entry: Entry,
    { folder, fixedType }: { readonly folder: string; readonly fixedType?: string },
  ) => {
    const resourceType = fixedType ?? typeOf(entry.type, server)
    return {
      name: names(`${folder}${resourceType ?? 'Resource'}`),
      resourceType,
      url: server.addressOf(entry.url, 'a file'),
      count: wholeNumber(entry.count),
      bytes: wholeNumber(entry.fileSize),
    }
  }
  return {
    transactionTime: instantOf(first.transactionTime),
    requiresAccessToken: pages.some((page) => isTrue(page.requiresAccessToken)),
    isOrganized,
    output: lists('output').map((entry) => file(entry, { folder: '' })),
    deleted: lists('deleted').map((entry) => file(entry, { folder: 'deleted/', fixedType: 'Bundle' })),
    outcomes: withoutTwins([...lists('error'), ...lists('outcome')]).map((entry) =>
      file(entry, { folder: 'outcome/', fixedType: 'OperationOutcome' }),
    ),
  }
}

/** Version 4 renamed `error` to `outcome`; servers that support both may list the same files twice. */
function withoutTwins(files: readonly Entry[]): readonly Entry[] {
  const seen = new Set<unknown>()
  return files.filter(({ url }) => !seen.has(url) && seen.add(url))
}

/** Names files `Patient.1.ndjson`, `Patient.2.ndjson` and so on, in the order of the calls. */
function namer(): (stem: string) => string {
  const used = new Map<string, number>()
  return (stem) => {
    const number = (used.get(stem) ?? 0) + 1
    used.set(stem, number)
    return `${stem}.${number}.ndjson`
  }
}

function entries(value: unknown, name: string, server: FhirServer): readonly Entry[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'object' && entry !== null))
    return value
  throw invalid(`"${name}" of its manifest must be a list of objects`, server)
}

function typeOf(value: unknown, server: FhirServer): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' && /^[A-Z][A-Za-z0-9]{1,63}$/.test(value)) return value
  throw invalid('its manifest lists a file whose type is not a resource type', server)
}

/** Some servers write the count as a string. */
const isTrue = (value: unknown): boolean => value === true || value === 'true'

const wholeNumber = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined

/** Accepts only an instant that can be sent back as `_since`. */
const instantOf = (value: unknown): string | undefined =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/.test(value) ? value : undefined

const invalid = (message: string, { base }: FhirServer) =>
  sluiceError('EXPORT_INVALID', { at: base.href, message })
