import { createHash } from 'node:crypto'
import { sluiceError } from '../../errors.js'
import { checkOtherData, checkRetryable, translated } from '../../fhir-client/failures.js'
import { startedJob } from '../../fhir-client/job-start.js'
import { issuesOf, issueText } from '../../fhir-client/outcomes.js'
import { type FhirServer, refusedAccess } from '../../fhir-client/server.js'
import type { HttpAnswer } from '../../http/answer.js'
import { parseObject, textOf } from '../../http/body.js'
import { otherForm } from './kick-off-form.js'
import { isManifest } from './manifest.js'
import type { ExportRequest } from './request.js'

const MAX_BYTES = 2 ** 20
/** A server that already runs its maximum of exports answers 429, with a Retry-After of minutes. */
const PATIENCE_FACTOR = 2

/**
 * Starts the job and returns its status address. Throws EXPORT_REFUSED, EXPORT_INVALID, AUTH_FAILED,
 * SERVICE_UNAVAILABLE.
 */
export async function kickOff(server: FhirServer, request: ExportRequest): Promise<URL> {
  const { url } = kickOffCall(server.base, request)
  const at = url.origin + url.pathname
  return translated(at, server.use, () =>
    server.retry.run({ at, patienceMs: server.outageMs * PATIENCE_FACTOR }, async () => {
      const first = await send(server, request)
      const other = await otherForm(server, request, first)
      if (other === undefined) return statusAddress(server, first, at)
      first.body.destroy()
      return statusAddress(server, await send(server, other), at)
    }),
  )
}

function send(server: FhirServer, request: ExportRequest): Promise<HttpAnswer> {
  const { url, body } = kickOffCall(server.base, request)
  return server.send(url, {
    method: body === undefined ? 'GET' : 'POST',
    body,
    timeoutMs: 300_000,
    headers: {
      accept: 'application/fhir+json',
      prefer: request.lenient === true ? 'respond-async, handling=lenient' : 'respond-async',
      ...(body === undefined ? {} : { 'content-type': 'application/fhir+json' }),
    },
  })
}

async function statusAddress(server: FhirServer, answer: HttpAnswer, at: string): Promise<URL> {
  const text = await textOf(answer, MAX_BYTES)
  const { status } = answer
  const kept = status === 202 ? '' : await server.answers.keep({ call: 'kick-off', answer, text })
  if (status === 202) return startedJob(server, answer, 'export')
  if (status === 401 || status === 403) throw refusedAccess(server, answer, kept)
  checkRetryable(answer, text)
  const body = parseObject(text)
  const issues = issuesOf(body)
  // The server ran the export synchronously and answered with the manifest, so the request must not be repeated.
  if (body === undefined || !isManifest(body)) checkOtherData(answer, body)
  throw sluiceError('EXPORT_REFUSED', {
    at,
    message: `did not accept the export: status ${status}${issues === undefined ? '' : ` (${issueText(issues)})`}`,
    help: `${advice(status)}${kept}`,
  })
}

function advice(status: number): string {
  if (status < 300) return 'a server that accepts an export answers 202; check the address'
  if (status === 404 || status === 501) return 'check the address, the level and the group'
  if (status === 405) return 'try the other method, GET or POST'
  return 'check the parameters; with --lenient the server may ignore those it does not support'
}

/** Builds the request, with a body for POST. Throws USAGE. */
function kickOffCall(base: URL, request: ExportRequest): { readonly url: URL; readonly body?: string } {
  const { level, groupId = '', parameters } = request
  const path =
    level === 'system'
      ? '$export'
      : level === 'patient'
        ? 'Patient/$export'
        : `Group/${encodeURIComponent(groupId)}/$export`
  const url = new URL(path, base)
  const hasPatients = parameters.some(([name]) => name === 'patient')
  const method = request.method ?? (hasPatients ? 'POST' : 'GET')
  if (hasPatients && (method === 'GET' || level === 'system'))
    throw sluiceError('USAGE', {
      message: 'patients can only be chosen by POST, at the level patient or group',
    })
  if (method === 'POST') return { url, body: JSON.stringify(parametersResource(request)) }
  // Values are joined by commas: servers that accept repeated names accept this too, but not the reverse (Oracle
  // Health).
  const byName = new Map<string, string[]>()
  for (const [name, value] of parameters) {
    const text = name === '_typeFilter' ? value.replaceAll(',', '%2C') : value
    byName.set(name, [...(byName.get(name) ?? []), text])
  }
  for (const [name, values] of byName) url.searchParams.append(name, values.join(','))
  return { url }
}

const VALUE_TYPES: Readonly<Record<string, string>> = {
  _since: 'valueInstant',
  _until: 'valueInstant',
  _till: 'valueInstant',
  allowPartialManifests: 'valueBoolean',
  includeAssociatedData: 'valueCode',
  organizeOutputBy: 'valueString',
}

const ASSOCIATED_DATA = 'http://hl7.org/fhir/uv/bulkdata/CodeSystem/include-associated-data'
const LISTS: ReadonlySet<string> = new Set(['_type', '_elements', 'includeAssociatedData'])

const parametersResource = ({ parameters, isV4 = false }: ExportRequest) => ({
  resourceType: 'Parameters',
  parameter: (isV4 ? parameters.flatMap(eachValue) : parameters).map(([name, value]) => {
    if (isV4 && name === 'includeAssociatedData') return { name, valueCoding: associatedData(value) }
    if (name === 'patient') return { name, valueReference: { reference: patientReference(value) } }
    const key = VALUE_TYPES[name] ?? 'valueString'
    return { name, [key]: key === 'valueBoolean' ? value === 'true' : value }
  }),
})

/** Version 4 forbids commas, so the name is repeated. */
const eachValue = ([name, value]: readonly [string, string]): readonly (readonly [string, string])[] =>
  LISTS.has(name) ? value.split(',').map((one) => [name, one.trim()] as const) : [[name, value]]

/** Server-defined codes begin with an underscore and have their own system. */
const associatedData = (code: string): object =>
  code.startsWith('_') ? { code } : { system: ASSOCIATED_DATA, code }

const patientReference = (value: string): string => (value.includes('/') ? value : `Patient/${value}`)

/** Identifies the requested data without revealing the parameters, which may name patients. */
export const identityOf = (base: URL, request: ExportRequest): string =>
  createHash('sha256')
    .update(JSON.stringify([base.href, request.level, request.groupId ?? null, request.parameters]))
    .digest('hex')
