import type { JobKind } from '../../fhir-client/job-poll.js'
import {
  type FileResult,
  type ImportDriver,
  type ImportInput,
  type JobResult,
  parametersOf,
} from './driver.js'
import { hapiReport } from './hapi-report.js'
import type { ImportTarget } from './options.js'

type HapiTarget = Extract<ImportTarget, { readonly kind: 'hapi' }>

const JOB: JobKind = {
  name: 'import',
  result: 'the report of an import',
  failed: 'IMPORT_FAILED',
  overdue: 'IMPORT_OVERDUE',
  accept: 'application/fhir+json',
  // An import of which some lines failed ends with 500, and with a report as any other.
  completedStatuses: [200, 500],
}

/** The `$import` of HAPI FHIR: it fetches the files by HTTP. Its report counts what it stored of each. */
export function hapiDriver({ maxBatchResourceCount }: HapiTarget): ImportDriver {
  return {
    job: JOB,
    refusedTypes: new Set(),
    parameters: (inputs) =>
      parametersOf([
        { name: 'inputFormat', valueCode: 'application/fhir+ndjson' },
        {
          name: 'storageDetail',
          part: [
            { name: 'type', valueCode: 'https' },
            ...(maxBatchResourceCount === undefined
              ? []
              : [{ name: 'maxBatchResourceCount', valueString: String(maxBatchResourceCount) }]),
          ],
        },
        ...inputs.map(({ file, url }) => ({
          name: 'input',
          part: [
            { name: 'type', valueCode: file.type },
            { name: 'url', valueUri: url },
          ],
        })),
      ]),
    result: (body, inputs) => {
      const { resourceType, issue } = body
      if (resourceType !== 'OperationOutcome') return undefined
      return counted(body, inputs) ?? (hasErrors(issue) ? undefined : { kind: 'uncounted' })
    },
  }
}

/** Undefined if there is no report, as of older versions. */
function counted(
  body: Readonly<Record<string, unknown>>,
  inputs: readonly ImportInput[],
): JobResult | undefined {
  const report = hapiReport(body)
  if (report === undefined) return undefined
  const files = new Map<string, FileResult>()
  for (const { file, url } of inputs) {
    const { loaded, failed, errors } = report.get(url) ?? { loaded: 0, failed: 0, errors: [] }
    files.set(file.name, { loaded, failed, errorFiles: [], errorText: textOf(errors) })
  }
  return { kind: 'counted', files }
}

// It is repeated for each line that failed.
const MAX_TEXT = 2000

const textOf = (errors: readonly string[]): string | undefined =>
  errors.length === 0 ? undefined : errors.join('\n').slice(0, MAX_TEXT)

const hasErrors = (issue: unknown): boolean =>
  Array.isArray(issue) &&
  issue.some((entry) => ['error', 'fatal'].includes((entry as { severity?: string } | null)?.severity ?? ''))
