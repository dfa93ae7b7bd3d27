import { type AltExportJob, isActive } from '../alt-export/job.js'
import { statusBody } from '../alt-export/status-body.js'
import { type HttpAnswer, type HttpRequest, jsonAnswer } from '../http/http-message.js'
import { Refusal } from '../refusal.js'

const CONTINUATION = 'x-ms-continuation-token'
const MAX_ROWS = 1000

/** A list of jobs, filtered and in pages as the Durable Functions HTTP API has them. Throws Refusal. */
export function jobsPage(jobs: readonly AltExportJob[], { query, header }: HttpRequest): HttpAnswer {
  const top = countOf(query.get('top'))
  const first = Number(Buffer.from(header(CONTINUATION) ?? '', 'base64url').toString() || 0)
  if (!Number.isInteger(first) || first < 0) throw invalid(`${CONTINUATION} is not one of this server.`)
  const isChosen = filterOf(query)
  const chosen = jobs.filter(isChosen)
  const rows = chosen.slice(first, first + top)
  const next = first + rows.length
  return jsonAnswer(
    200,
    rows.map((job) => statusBody(job, { showInput: query.get('showInput') !== 'false' })),
    next < chosen.length ? { [CONTINUATION]: Buffer.from(String(next)).toString('base64url') } : {},
  )
}

/** Which jobs the filters of a query choose; without filters, all. Throws Refusal. */
function filterOf(query: URLSearchParams): (job: AltExportJob) => boolean {
  const states = query.get('runtimeStatus')?.split(',')
  const prefix = query.get('instanceIdPrefix') ?? ''
  const from = timeOf(query, 'createdTimeFrom') ?? Number.NEGATIVE_INFINITY
  const until = timeOf(query, 'createdTimeTo') ?? Number.POSITIVE_INFINITY
  return ({ id, status, createdAt }) => {
    const createdMs = Date.parse(createdAt)
    const isInTime = createdMs >= from && createdMs <= until
    return isInTime && id.startsWith(prefix) && (states === undefined || states.includes(status))
  }
}

/** Jobs that are over and that a purge names: by the time of their start at least. Throws Refusal. */
export function purgedBy(query: URLSearchParams): (job: AltExportJob) => boolean {
  if (timeOf(query, 'createdTimeFrom') === undefined) throw invalid('createdTimeFrom is required.')
  const isChosen = filterOf(query)
  return (job) => !isActive(job) && isChosen(job)
}

function countOf(text: string | null): number {
  if (text === null || text === '') return MAX_ROWS
  if (!/^\d{1,4}$/.test(text) || Number(text) === 0) throw invalid('top must be a number from 1 to 9999.')
  return Math.min(Number(text), MAX_ROWS)
}

function timeOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw invalid(`${name} must be a time, such as 2026-01-31T00:00:00Z.`)
  return time
}

const invalid = (message: string): Refusal => new Refusal(message, { status: 400, code: 'invalid' })
