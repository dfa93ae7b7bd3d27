import { cancelJob } from '../../fhir-client/job-start.js'
import type { FhirServer } from '../../fhir-client/server.js'
import type { Sink, State } from '../../storage/store.js'
import { forgetItems, forgetJob, type ImportJob } from './job.js'
import { forgetRecord, StagedRecord } from './staged-record.js'

/** Removes the staged files of an import, then what the state knows of it; the job itself last. */
export async function forgetImport(
  state: State,
  stage: Sink,
  { keepStaged = false }: { readonly keepStaged?: boolean | undefined } = {},
): Promise<void> {
  const record = await StagedRecord.open(state)
  try {
    for (const file of record.files) {
      if (!keepStaged) await stage.remove(file.name)
      await record.forgetIndex(file)
    }
  } finally {
    await record.close()
  }
  await forgetRecord(state)
  await forgetItems(state)
  await forgetJob(state)
}

/** Whether the server cancelled the job, or has none any more. A finished one cannot be cancelled (409). */
export async function cancelImportJob(server: FhirServer, { statusUrl }: ImportJob): Promise<boolean> {
  if (statusUrl === undefined) return true
  const status = await cancelJob(server, statusUrl)
  return status !== undefined && (status < 300 || status === 404 || status === 410)
}
