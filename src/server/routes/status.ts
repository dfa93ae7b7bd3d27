import { type HttpAnswer, jsonAnswer, outcomeAnswer } from '../http/http-message.js'
import type { JobRecord, OutputFile } from '../jobs/job.js'

const MAX_RETRY_AFTER_SECONDS = 30

/** Answers a poll: 202 with progress, the manifest, or the cause of failure. */
export function statusAnswer(job: JobRecord, progress: string, baseUrl: string): HttpAnswer {
  if (job.state === 'complete') return manifestAnswer(job, baseUrl)
  if (job.state === 'failed') {
    const { status, code, text } = job.failure ?? { status: 500, code: 'exception', text: 'Unknown Error.' }
    return outcomeAnswer(status, { severity: 'error', code, text })
  }
  // The longer a job has run, the less often it needs polling.
  const ageSeconds = (Date.now() - Date.parse(job.createdAt)) / 1000
  const retryAfter = Math.min(MAX_RETRY_AFTER_SECONDS, Math.max(1, Math.round(ageSeconds / 10)))
  return {
    status: 202,
    headers: { 'x-progress': progress, 'retry-after': String(retryAfter), 'cache-control': 'no-store' },
  }
}

function manifestAnswer(job: JobRecord, baseUrl: string): HttpAnswer {
  const entry = ({ name, type, count }: OutputFile) => ({
    type,
    url: `${baseUrl}/_operations/export/${job.id}/${encodeURIComponent(name)}`,
    count,
  })
  const manifest = {
    transactionTime: job.transactionTime,
    request: job.request,
    requiresAccessToken: job.requiresAccessToken,
    output: [...job.output].sort((a, b) => (a.type < b.type ? -1 : a.type > b.type ? 1 : 0)).map(entry),
    deleted: (job.deleted ?? []).map(entry),
    error: job.errors.map(entry),
  }
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (job.expiresAt !== undefined) headers.expires = new Date(job.expiresAt).toUTCString()
  return jsonAnswer(200, manifest, headers)
}
