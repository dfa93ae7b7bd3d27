import { sluiceError } from '../../errors.js'
import { checkRetryable, translated } from '../../fhir-client/failures.js'
import { startedJob } from '../../fhir-client/job-start.js'
import { issuesOf, issueText } from '../../fhir-client/outcomes.js'
import { type FhirServer, refusedAccess } from '../../fhir-client/server.js'
import type { HttpAnswer } from '../../http/answer.js'
import { parseObject, textOf } from '../../http/body.js'

const MAX_BYTES = 2 ** 20
const TIMEOUT_MS = 300_000

/**
 * Starts an import and returns its status address. A lost answer is asked for again: a second job stores the same
 * resources under the same ids. Throws LOAD_REFUSED, LOAD_INVALID, AUTH_FAILED, SERVICE_UNAVAILABLE.
 */
export function startImport(server: FhirServer, parameters: object): Promise<URL> {
  const url = new URL('$import', server.base)
  const body = JSON.stringify(parameters)
  return translated(url.href, server.use, () =>
    server.retry.run({ at: url.href }, async () => {
      const answer = await server.send(url, {
        method: 'POST',
        body,
        timeoutMs: TIMEOUT_MS,
        headers: {
          accept: 'application/fhir+json',
          'content-type': 'application/fhir+json',
          prefer: 'respond-async',
        },
      })
      return statusAddress(server, answer)
    }),
  )
}

async function statusAddress(server: FhirServer, answer: HttpAnswer): Promise<URL> {
  const text = await textOf(answer, MAX_BYTES)
  const { status } = answer
  if (status === 202) return startedJob(server, answer, 'import')
  const kept = await server.answers.keep({ call: 'kick-off', answer, text })
  if (status === 401 || status === 403) throw refusedAccess(server, answer, kept)
  checkRetryable(answer, text)
  const issues = issuesOf(parseObject(text))
  throw sluiceError('LOAD_REFUSED', {
    at: server.base.href,
    message: `did not accept the import: status ${status}${issues === undefined ? '' : ` (${issueText(issues)})`}`,
    help: `${advice(status)}${kept}`,
  })
}

function advice(status: number): string {
  if (status < 300) return 'a server that accepts an import answers 202; check the address'
  if (status === 404 || status === 405 || status === 501)
    return 'the server has no $import, or it is switched off; check the address, or load with bundles'
  return "check that the staging place is in the storage account that the server reads, and the server's import settings"
}
