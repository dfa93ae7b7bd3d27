import { exportSource } from '../../../export/download/manifest-source.js'
import { linksOf } from '../../../export/job/links.js'
import { parseManifest } from '../../../export/job/manifest.js'
import { type ConnectOptions, connect } from '../../../fhir-client/connect.js'
import type { Source, State } from '../../../storage/store.js'
import { withChanges } from './changed-files.js'
import type { ListedFile } from './listed-files.js'
import type { ManifestFile } from './manifest-file.js'

export interface ServerFilesOptions {
  /** Where is kept which version of a file is loaded. */
  readonly state: State
  /** How they are fetched. Throws USAGE. */
  readonly connection: (needs: TokenNeeds) => Promise<ConnectOptions>
}

export interface TokenNeeds {
  readonly requiresToken: boolean
  readonly firstUrl: URL
}

interface ServerFiles {
  readonly source: Source
  isDeleted(name: string): boolean
  close(): void
}

/** The files that a manifest lists by address, downloaded as an export downloads them. Throws EXPORT_INVALID, USAGE. */
export async function serverFiles(
  { body }: ManifestFile,
  files: readonly ListedFile[],
  { connection, state, jobId }: ServerFilesOptions & { readonly jobId: string },
): Promise<ServerFiles> {
  const listed = (isDeleted: boolean) =>
    files.filter((file) => file.isDeleted === isDeleted).map(({ entry }) => entry)
  const requiresToken = body.requiresAccessToken === true || body.requiresAccessToken === 'true'
  const firstUrl = new URL(files[0]?.url ?? '')
  const server = connect(await connection({ requiresToken, firstUrl }))
  const page = { ...body, output: listed(false), deleted: listed(true), error: [], outcome: [] }
  const manifest = parseManifest([page], server)
  const deleted = new Set(manifest.deleted.map(({ name }) => name))
  const source = exportSource({
    server,
    // The server cannot be asked for new addresses: its job is not known.
    links: linksOf(manifest, async () => manifest),
    // What a Bundle of deletions deletes has other types.
    files: [...manifest.output, ...manifest.deleted.map(({ resourceType: _, ...file }) => file)],
    state,
    jobId,
    isStrict: !manifest.isOrganized,
  })
  return {
    source: withChanges(source, state),
    isDeleted: (name) => deleted.has(name),
    close: () => server.http.close(),
  }
}
