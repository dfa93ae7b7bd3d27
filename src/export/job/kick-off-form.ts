import type { FhirServer } from '../../fhir-client/server.js'
import type { HttpAnswer } from '../../http/answer.js'
import { objectsIn, parseObject, textOf } from '../../http/body.js'
import type { ExportRequest } from './request.js'

// Statuses with which servers refuse a method or a form that they do not know.
const NOT_SO: ReadonlySet<number> = new Set([400, 404, 405, 415, 422, 501])
const MAX_BYTES = 32 * 2 ** 20

/**
 * Chooses another form of a refused kick-off: POST if the server takes no GET, and the form of Bulk Data 4 if it
 * declares that version. Undefined if the refusal is final or the caller chose the method.
 */
export async function otherForm(
  server: FhirServer,
  request: ExportRequest,
  { status, header }: HttpAnswer,
): Promise<ExportRequest | undefined> {
  if (!NOT_SO.has(status) || request.isV4 === true) return undefined
  const hasPatients = request.parameters.some(([name]) => name === 'patient')
  const isGet = request.method === 'GET' || (request.method === undefined && !hasPatients)
  // The caller chose the method, so no other is tried.
  if (request.method === 'GET') return undefined
  const isV4 = await hasV4(server)
  const allowed = (header('allow') ?? '').toUpperCase().split(/[\s,]+/)
  const takesPostOnly = allowed.includes('POST') && !allowed.includes('GET')
  if (isGet && (isV4 || status === 405 || takesPostOnly)) return { ...request, method: 'POST', isV4 }
  return isV4 ? { ...request, isV4 } : undefined
}

/** Whether the CapabilityStatement names version 4 and no earlier one. An unreadable one names none. */
async function hasV4(server: FhirServer): Promise<boolean> {
  try {
    const answer = await server.send(new URL('metadata', server.base), {
      headers: { accept: 'application/fhir+json' },
    })
    const text = await textOf(answer, MAX_BYTES)
    return answer.status === 200 && namesV4(parseObject(text))
  } catch {
    return false
  }
}

interface Statement {
  readonly instantiates?: unknown
  readonly rest?: unknown
}

// Canonicals of the capability and its operations, and the names they have if a server offers several versions.
const V4_CANONICAL = /\/uv\/bulkdata\/.*\|4(?:\.|$)/
const V4_NAME = /^export-v4$/

function namesV4(statement: Statement | undefined): boolean {
  const rests = objectsIn(statement?.rest)
  const operations = rests.flatMap((rest) => [
    ...objectsIn(rest.operation),
    ...objectsIn(rest.resource).flatMap((resource) => objectsIn(resource.operation)),
  ])
  const canonicals = [statement?.instantiates, ...operations.map(({ definition }) => definition)].flat()
  return (
    canonicals.some((canonical) => typeof canonical === 'string' && V4_CANONICAL.test(canonical)) ||
    operations.some(({ name }) => typeof name === 'string' && V4_NAME.test(name))
  )
}
