import { sluiceError } from '../../errors.js'
import { addIssues, type IssueCounts } from '../../fhir-client/outcomes.js'
import { parseObject } from '../../http/body.js'
import { type CohortDefinition, typeOf } from '../definition.js'
import { type SearchClient, SearchRefusal } from '../search/client.js'
import type { FoundResource, Page } from '../search/page.js'
import { searchPages } from '../search/pages.js'
import { membersOf } from './members.js'
import { patientLinks } from './references.js'

/** The patients that a query finds. */
export interface Cohort {
  /** Unique, in the order in which they came. */
  readonly ids: readonly string[]
  readonly counts: CohortCounts
  readonly issues: IssueCounts
}

export interface CohortCounts {
  /** Resources that the query found, Groups included. */
  readonly found: number
  /** References and members that lead to a patient that is already known. */
  readonly repeated: number
  /** References and members that give no patient, by reason. */
  readonly without: Readonly<Record<string, number>>
}

const MAX_GROUPS = 100_000

/** Walks all pages of the query. Throws EXPORT_REFUSED, EXPORT_INVALID and what requests throw. */
export async function gatherCohort(
  client: SearchClient,
  { query, patientReferenceField: field }: CohortDefinition,
  now: Date,
): Promise<Cohort> {
  const gathering = new Gathering(client.server.base, field, now)
  const at = `${client.server.base.href}${typeOf(query)} (query)`
  try {
    for await (const page of searchPages(client, { text: query, ids: [], at })) gathering.add(page)
    for (let id = gathering.nextGroup(); id !== undefined; id = gathering.nextGroup()) {
      const text = `Group/${encodeURIComponent(id)}`
      for await (const page of searchPages(client, { text, ids: [], at: `${at}, nested Group` }))
        gathering.add(page)
    }
  } catch (error) {
    if (!(error instanceof SearchRefusal)) throw error
    throw sluiceError(error.status >= 500 && error.status !== 501 ? 'EXPORT_FAILED' : 'EXPORT_REFUSED', {
      at,
      message: `the server did not answer the query: ${error.message}`,
      help: `check the query and what the client may read${error.kept}`,
    })
  }
  return gathering.cohort
}

class Gathering {
  readonly #ids = new Set<string>()
  readonly #groups = new Set<string>()
  readonly #waiting: string[] = []
  readonly #without: Record<string, number> = {}
  #found = 0
  #repeated = 0
  #issues: IssueCounts = {}

  readonly #base: URL
  readonly #field: string
  readonly #now: Date

  constructor(base: URL, field: string, now: Date) {
    this.#base = base
    this.#field = field
    this.#now = now
  }

  get cohort(): Cohort {
    const counts = { found: this.#found, repeated: this.#repeated, without: this.#without }
    return { ids: [...this.#ids], counts, issues: this.#issues }
  }

  add({ resources, issues }: Page): void {
    this.#issues = addIssues(this.#issues, issues)
    for (const resource of resources) this.#addResource(resource)
  }

  /** A nested Group that is not read yet. */
  nextGroup(): string | undefined {
    return this.#waiting.shift()
  }

  #addResource({ bytes, type, id, isIncluded }: FoundResource): void {
    const resource = parseObject(bytes.toString('utf8')) ?? {}
    this.#found += 1
    if (type === 'Group') {
      if (id !== undefined) this.#groups.add(id)
      this.#addMembers(resource)
      return
    }
    // Of what the server adds to the matches, only patients, or what has the element itself.
    const isAskedFor = this.#field === 'id' ? type === 'Patient' : resource[this.#field] !== undefined
    if (isIncluded && !isAskedFor) return
    for (const link of patientLinks(resource, this.#field, this.#base))
      if ('id' in link) this.#addPatient(link.id)
      else this.#leaveOut(link.without)
  }

  #addMembers(group: Readonly<Record<string, unknown>>): void {
    for (const member of membersOf(group, this.#base, this.#now)) {
      if (member.kind === 'patient') this.#addPatient(member.id)
      else if (member.kind === 'none') this.#leaveOut(member.why)
      else if (!this.#groups.has(member.id)) {
        if (this.#groups.size >= MAX_GROUPS)
          throw sluiceError('EXPORT_INVALID', {
            at: this.#base.href,
            message: `has more than ${MAX_GROUPS} nested Groups`,
          })
        this.#groups.add(member.id)
        this.#waiting.push(member.id)
      }
    }
  }

  #addPatient(id: string): void {
    if (this.#ids.has(id)) this.#repeated += 1
    else this.#ids.add(id)
  }

  #leaveOut(why: string): void {
    this.#without[why] = (this.#without[why] ?? 0) + 1
  }
}
