import { sluiceError } from '../errors.js'
import type { HttpAnswer } from '../http/answer.js'
import type { FhirServer } from './server.js'

/** Returns the status address of a job that the server accepted. Throws the code `invalid` of the server's use. */
export function startedJob(server: FhirServer, answer: HttpAnswer, name: string): URL {
  const location = answer.header('content-location')?.trim() ?? ''
  if (location !== '')
    // A relative address violates the specification but can be used: it is resolved against the request's address.
    return server.addressOf(absolute(location, answer.url), 'the job')
  throw sluiceError(server.use.invalid, {
    at: answer.url.origin + answer.url.pathname,
    message: `accepted the ${name} (202) but sent no Content-Location`,
  })
}

const absolute = (location: string, from: URL): string =>
  URL.canParse(location, from.href) ? new URL(location, from).href : location

/**
 * Cancels a job, or lets the server delete what it keeps of a finished one. Returns the status of the answer, undefined
 * if there is none.
 */
export async function cancelJob(server: FhirServer, statusUrl: string): Promise<number | undefined> {
  try {
    const answer = await server.retry.run({ at: server.base.href }, () =>
      server.send(new URL(statusUrl), { method: 'DELETE', headers: { accept: 'application/fhir+json' } }),
    )
    answer.body.destroy()
    return answer.status
  } catch {
    return undefined
  }
}
