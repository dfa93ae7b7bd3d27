import { sluiceError } from '../../errors.js'
import { checkRetryable, translated } from '../../fhir-client/failures.js'
import { type FhirServer, refusedAccess } from '../../fhir-client/server.js'
import { objectsIn, parseObject, textOf } from '../../http/body.js'
import { findStringMember } from '../../json/scanner.js'
import { lineStream } from '../../ndjson/line-stream.js'
import type { Source } from '../../storage/store.js'
import type { StagedFile } from './staged-file.js'

// Ids of 64 characters each then fit into the 8 KiB of a request line.
const IDS_AT_ONCE = 50
const MAX_BYTES = 16 * 2 ** 20
const MAX_PAGES = 100

/**
 * Looks for every resource of a staged file on the server, and returns the indexes of the lines whose resource is not
 * there. Whether one that is there was replaced cannot be seen. Undefined if the server does not answer such searches.
 * Throws SOURCE_*, AUTH_FAILED, SERVICE_UNAVAILABLE, INTERRUPTED.
 */
export async function missingLines(
  server: FhirServer,
  staged: Source,
  { name, type }: StagedFile,
): Promise<ReadonlySet<number> | undefined> {
  const missing = new Set<number>()
  const item = await staged.head(name)
  if (item === undefined) throw sluiceError('SOURCE_NOT_FOUND', { at: name, message: 'is no longer staged' })
  const reader = await staged.open(item, 0)
  let group: [index: number, id: string][] = []
  const look = async (): Promise<boolean> => {
    const found = await foundIds(server, type, [...new Set(group.map(([, id]) => id))])
    for (const [index, id] of group) if (found?.has(id) === false) missing.add(index)
    group = []
    return found !== undefined
  }
  try {
    let index = 0
    for await (const { bytes } of lineStream((target) => reader.read(target))) {
      if (bytes === undefined) continue
      group.push([index, findStringMember(bytes, 0, bytes.length, 'id')?.text ?? ''])
      index += 1
      if (group.length === IDS_AT_ONCE && !(await look())) return undefined
    }
    return group.length === 0 || (await look()) ? missing : undefined
  } finally {
    await reader.close()
  }
}

/** Those of the ids that the server has resources of; undefined if it refuses the search. */
async function foundIds(
  server: FhirServer,
  type: string,
  ids: readonly string[],
): Promise<ReadonlySet<string> | undefined> {
  const found = new Set<string>()
  const first = new URL(type, server.base)
  first.search = String(
    new URLSearchParams({ _id: ids.join(','), _elements: 'id', _count: String(IDS_AT_ONCE) }),
  )
  let url = first
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const body: Readonly<Record<string, unknown>> | undefined = await searched(server, url)
    if (body?.resourceType !== 'Bundle') return undefined
    for (const { resource } of objectsIn(body.entry)) {
      const { resourceType, id } = (resource ?? {}) as { resourceType?: unknown; id?: unknown }
      if (resourceType === type && typeof id === 'string') found.add(id)
    }
    const next = objectsIn(body.link).find(({ relation }) => relation === 'next')?.url
    if (found.size >= ids.length || next === undefined) return found
    url = server.addressOf(next, 'the next page')
    if (!server.isTrusted(url)) return undefined
  }
  return undefined
}

function searched(server: FhirServer, url: URL): Promise<Readonly<Record<string, unknown>> | undefined> {
  return translated(server.base.href, server.use, () =>
    server.retry.run({ at: server.base.href }, async () => {
      // HAPI answers from the results of earlier searches otherwise.
      const headers = { accept: 'application/fhir+json', 'cache-control': 'no-cache' }
      const answer = await server.send(url, { headers })
      const text = await textOf(answer, MAX_BYTES)
      if (answer.status === 401 || answer.status === 403) throw refusedAccess(server, answer)
      checkRetryable(answer, text)
      return answer.status === 200 ? parseObject(text) : undefined
    }),
  )
}
