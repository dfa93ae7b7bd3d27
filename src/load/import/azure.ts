import { sluiceError } from '../../errors.js'
import type { JobKind } from '../../fhir-client/job-poll.js'
import type { IssueCounts } from '../../fhir-client/outcomes.js'
import type { FhirServer } from '../../fhir-client/server.js'
import { objectsIn } from '../../http/body.js'
import {
  type ErrorFile,
  type FileResult,
  type ImportDriver,
  type ImportInput,
  type Parameter,
  parametersOf,
} from './driver.js'
import type { ImportTarget } from './options.js'

type AzureTarget = Extract<ImportTarget, { readonly kind: 'azure' }>

// The service delays the answer about a finished job by up to a minute, on purpose (GetImportRequestHandler).
const ANSWER_TIMEOUT_MS = 180_000
const MODES = { initial: 'InitialLoad', incremental: 'IncrementalLoad' } as const

const JOB: JobKind = {
  name: 'import',
  result: 'the result of an import',
  failed: 'IMPORT_FAILED',
  overdue: 'IMPORT_OVERDUE',
  accept: 'application/json',
  timeoutMs: ANSWER_TIMEOUT_MS,
  // A job that may not read its files ends with 403, too.
  isJobsOwn: (status, issues) => status === 403 && issues !== undefined && !isRefusal(issues),
}

const isRefusal = (issues: IssueCounts): boolean =>
  Object.keys(issues).some((name) => /\/(?:forbidden|login|security|expired|suppressed)$/.test(name))

/** The `$import` of Azure's FHIR service and of Microsoft's fhir-server: it reads files of a storage account. */
export function azureDriver({
  mode = 'incremental',
  eventualConsistency,
  allowNegativeVersions,
}: AzureTarget): ImportDriver {
  return {
    job: JOB,
    refusedTypes: new Set(['SearchParameter']),
    parameters: (inputs) =>
      parametersOf([
        { name: 'inputFormat', valueString: 'application/fhir+ndjson' },
        { name: 'mode', valueString: MODES[mode] },
        ...flag('eventualConsistency', eventualConsistency),
        ...flag('allowNegativeVersions', allowNegativeVersions),
        ...inputs.map(({ file, url }) => ({
          name: 'input',
          part: [
            { name: 'type', valueString: file.type },
            { name: 'url', valueUri: url },
          ],
        })),
      ]),
    result(body, inputs, server) {
      if (!Array.isArray(body.output) && !Array.isArray(body.error)) return undefined
      return { kind: 'counted', files: filesOf(body, inputs, server) }
    },
  }
}

const flag = (name: string, value: boolean | undefined): Parameter[] =>
  value === undefined ? [] : [{ name, valueBoolean: value }]

/** Adds up what the service says of each file. Both lists may name a file several times: once for each part of it. */
function filesOf(
  { output, error }: Readonly<Record<string, unknown>>,
  inputs: readonly ImportInput[],
  server: FhirServer,
): ReadonlyMap<string, FileResult> {
  const nameOf = new Map(inputs.map(({ file, url }) => [new URL(url).href, file.name]))
  const files = new Map<string, { loaded: number; failed: number; errorFiles: ErrorFile[] }>()
  const at = (entry: Readonly<Record<string, unknown>>, list: string) => {
    const { inputUrl, count } = entry
    const name =
      typeof inputUrl === 'string' && URL.canParse(inputUrl) ? nameOf.get(new URL(inputUrl).href) : undefined
    if (name === undefined)
      throw invalid(server, `names a file in "${list}" that does not belong to this import`)
    if (!Number.isSafeInteger(count) || (count as number) < 0)
      throw invalid(server, `has no count for a file in "${list}"`)
    const file = files.get(name) ?? { loaded: 0, failed: 0, errorFiles: [] }
    files.set(name, file)
    return { file, count: count as number }
  }
  for (const entry of objectsIn(output)) {
    const { file, count } = at(entry, 'output')
    file.loaded += count
  }
  for (const entry of objectsIn(error)) {
    const { file, count } = at(entry, 'error')
    file.failed += count
    if (typeof entry.url === 'string' && URL.canParse(entry.url))
      file.errorFiles.push({ url: entry.url, count })
  }
  return files
}

const invalid = ({ base }: FhirServer, message: string) =>
  sluiceError('LOAD_INVALID', { at: base.href, message })
