import { sluiceError } from '../errors.js'
import { parseObject, textOf } from '../http/body.js'
import { type ConnectOptions, connect } from './connect.js'
import { checkOtherData, checkRetryable, translated } from './failures.js'
import { refusedAccess } from './server.js'

const MAX_BYTES = 32 * 2 ** 20

/**
 * Asks a FHIR server for its software, with the client's credentials, without starting anything. Throws AUTH_FAILED,
 * SERVICE_UNAVAILABLE, and the code `refused` of its use if the address is not that of a FHIR server.
 */
export async function probeServer(options: ConnectOptions): Promise<{ readonly software?: string }> {
  const server = connect(options)
  const url = new URL('metadata', server.base)
  const at = url.origin + url.pathname
  try {
    return await translated(at, server.use, () =>
      server.retry.run({ at }, async () => {
        const answer = await server.send(url, { headers: { accept: 'application/fhir+json' } })
        const text = await textOf(answer, MAX_BYTES)
        const { status } = answer
        if (status === 401 || status === 403) throw refusedAccess(server, answer)
        checkRetryable(answer, text)
        const statement = parseObject(text) as (Statement & Readonly<Record<string, unknown>>) | undefined
        if (status === 200 && statement?.resourceType === 'CapabilityStatement') return nameOf(statement)
        checkOtherData(answer, statement)
        throw sluiceError(server.use.refused, {
          at,
          message: `is not the address of a FHIR server: it answers ${status} instead of its metadata`,
          help: 'check the address',
        })
      }),
    )
  } finally {
    server.http.close()
  }
}

interface Statement {
  readonly resourceType?: unknown
  readonly software?: { readonly name?: unknown } | null
}

function nameOf({ software }: Statement): { readonly software?: string } {
  const name = software?.name
  return typeof name === 'string' ? { software: name.slice(0, 100) } : {}
}
