import { isRecord } from '../../json/record.js'
import { type HttpRequest, mediaTypeOf } from '../http/http-message.js'
import { badRequest, Refusal } from '../refusal.js'
import type { GivenParameter } from './parameters.js'

export const queryParameters = ({ query }: HttpRequest): GivenParameter[] =>
  [...query].map(([name, value]) => ({ name, value }))

/** Reads the parameters of a POST from a Parameters resource; none without a body. Throws Refusal 400, 415. */
export function bodyParameters(request: HttpRequest): GivenParameter[] {
  if (request.query.size > 0) throw badRequest('Parameters of a POST belong in its body, not in the URL.')
  if (request.body === undefined || request.body.length === 0) return []
  const type = mediaTypeOf(request)
  if (!['application/fhir+json', 'application/json', 'text/json'].includes(type))
    throw new Refusal('The body must be application/fhir+json.', { status: 415, code: 'not-supported' })
  const resource = parse(request.body.toString('utf8'))
  if (!isRecord(resource) || resource.resourceType !== 'Parameters')
    throw badRequest('The body must be a Parameters resource.')
  const { parameter = [] } = resource
  if (!Array.isArray(parameter)) throw badRequest('Parameters.parameter must be a list.')
  return parameter.map(givenOf)
}

function givenOf(parameter: unknown): GivenParameter {
  if (!isRecord(parameter) || typeof parameter.name !== 'string')
    throw badRequest('Each of Parameters.parameter must have a name.')
  const { name } = parameter
  const [given, ...others] = Object.entries(parameter).filter(([key]) => key.startsWith('value'))
  if (given === undefined || others.length > 0)
    throw badRequest('Each of Parameters.parameter must have one value.')
  return { name, value: textOf(given[1]) }
}

/** Returns a primitive, the text of a Reference, or the code of a Coding. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (isRecord(value) && typeof value.reference === 'string') return value.reference
  if (isRecord(value) && typeof value.code === 'string') return value.code
  throw badRequest('A parameter has a value of a type that no parameter has.', 'value')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw badRequest('The body is not JSON.')
  }
}
