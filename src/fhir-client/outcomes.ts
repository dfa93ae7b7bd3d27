/** Issue counts by `severity/code`, such as `error/not-found`. Issue texts may name patients and are never shown. */
export type IssueCounts = Readonly<Record<string, number>>

const SEVERITIES: ReadonlySet<unknown> = new Set(['fatal', 'error', 'warning', 'information'])
// http://hl7.org/fhir/issue-type of R4, R5 and R6. Any other text may be a name.
const CODES: ReadonlySet<unknown> = new Set(
  (
    'invalid structure required value invariant security login unknown expired forbidden suppressed processing ' +
    'not-supported duplicate multiple-matches not-found deleted too-long code-invalid extension too-costly ' +
    'business-rule conflict limited-filter transient lock-error no-store exception timeout incomplete throttled ' +
    'informational success'
  ).split(' '),
)

/** Counts the issues of an OperationOutcome; undefined for anything else. */
export function issuesOf(resource: unknown): IssueCounts | undefined {
  const { resourceType, issue } = (resource ?? {}) as {
    readonly resourceType?: unknown
    readonly issue?: unknown
  }
  if (resourceType !== 'OperationOutcome') return undefined
  const counts: Record<string, number> = {}
  for (const entry of Array.isArray(issue) ? issue : []) {
    const { severity, code } = (entry ?? {}) as { readonly severity?: unknown; readonly code?: unknown }
    const name = `${SEVERITIES.has(severity) ? severity : 'unknown'}/${CODES.has(code) ? code : 'unknown'}`
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

export function addIssues(left: IssueCounts, right: IssueCounts): IssueCounts {
  const sum: Record<string, number> = { ...left }
  for (const [name, count] of Object.entries(right)) sum[name] = (sum[name] ?? 0) + count
  return sum
}

/** Whether the server reports that it could not export something. */
export const hasErrors = (counts: IssueCounts): boolean =>
  Object.keys(counts).some((name) => name.startsWith('error/') || name.startsWith('fatal/'))

/** Whether only this answer failed, not the job (Bulk Data Access, "Response - Error Status"). */
export const isTransient = (counts: IssueCounts): boolean =>
  Object.keys(counts).some((name) => name.endsWith('/transient'))

export const issueText = (counts: IssueCounts): string =>
  Object.entries(counts)
    .map(([name, count]) => (count === 1 ? name : `${name} × ${count}`))
    .join(', ') || 'no issue named'
