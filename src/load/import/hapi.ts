import type { JobKind } from '../../fhir-client/job-poll.js'
import { type ImportDriver, parametersOf } from './driver.js'
import type { ImportTarget } from './options.js'

type HapiTarget = Extract<ImportTarget, { readonly kind: 'hapi' }>

const JOB: JobKind = {
  name: 'import',
  result: 'the report of an import',
  failed: 'IMPORT_FAILED',
  overdue: 'IMPORT_OVERDUE',
  accept: 'application/fhir+json',
}

/** The `$import` of HAPI FHIR: it fetches the files by HTTP, and says when it is done, but not how much it stored. */
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
    result: ({ resourceType, issue }) =>
      resourceType === 'OperationOutcome' && !hasErrors(issue) ? { kind: 'uncounted' } : undefined,
  }
}

const hasErrors = (issue: unknown): boolean =>
  Array.isArray(issue) &&
  issue.some((entry) => ['error', 'fatal'].includes((entry as { severity?: string } | null)?.severity ?? ''))
