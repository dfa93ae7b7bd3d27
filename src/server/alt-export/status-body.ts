import type { AltExportJob } from './job.js'

/** Where the calls about a job are: the base of the server and the path of Durable Functions. */
export const INSTANCES = '/runtime/webhooks/durabletask/instances'

/** The answer to a start (Durable Functions HTTP API), with the addresses that manage the job. */
export function startBody(id: string, baseUrl: string): Readonly<Record<string, string>> {
  const instance = `${baseUrl}${INSTANCES}/${id}`
  return {
    id,
    statusQueryGetUri: instance,
    sendEventPostUri: `${instance}/raiseEvent/{eventName}`,
    terminatePostUri: `${instance}/terminate?reason={text}`,
    purgeHistoryDeleteUri: instance,
    restartPostUri: `${instance}/restart`,
    suspendPostUri: `${instance}/suspend?reason={text}`,
    resumePostUri: `${instance}/resume?reason={text}`,
  }
}

/** Times of Durable Functions have no fraction. */
const seconds = (time: string): string => `${time.slice(0, 19)}Z`

/** The status of a job as Durable Functions answers it. */
export function statusBody(
  job: AltExportJob,
  { showInput = true }: { readonly showInput?: boolean } = {},
): object {
  const { id, name, status, input, output, createdAt, updatedAt } = job
  return {
    name,
    instanceId: id,
    runtimeStatus: status,
    input: showInput ? input : null,
    customStatus: customStatus(job),
    output: output ?? null,
    createdTime: seconds(createdAt),
    lastUpdatedTime: seconds(updatedAt),
  }
}

/** The progress of a job in the fields of Microsoft's loader. */
function customStatus({ id, name, progress, status }: AltExportJob): object | null {
  if (progress === undefined) return null
  const { startedAt, gatheredAt, finishedAt, ids, items, resources } = progress
  if (name === 'ExportAllOrchestrator')
    return {
      instanceid: id,
      parallelizationLogicStarted: startedAt,
      exportStarted: gatheredAt,
      exportResourceCount: Object.values(resources).reduce((sum, count) => sum + count, 0),
      exportCompleted: finishedAt,
      ...(status === 'Completed' ? { status: 'Success' } : {}),
    }
  return {
    instanceid: id,
    extractstarted: startedAt,
    gatheringidsstarted: startedAt,
    gatheringidscompleted: gatheredAt,
    uniqueidstoprocess: ids,
    suborchestrationsqueued: items,
    suborchestionwaitstarted: gatheredAt,
    suborchestionwaitcompleted: finishedAt,
    extractcompleted: finishedAt,
    extractresults: resources,
  }
}

/** A row of `$alt-export-status`. */
export function activeRow({ id, createdAt, status, input }: AltExportJob, now: Date): object {
  return {
    instanceId: id,
    createdDateTime: createdAt,
    status,
    elapsedtimeinminutes: Math.round((now.getTime() - Date.parse(createdAt)) / 6000) / 10,
    input,
  }
}
