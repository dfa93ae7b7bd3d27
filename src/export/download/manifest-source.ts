import { createHash } from 'node:crypto'
import type { FhirServer } from '../../fhir-client/server.js'
import { checkName } from '../../storage/names.js'
import type { PromisedContent, Source, SourceItem, State } from '../../storage/store.js'
import type { Links } from '../job/links.js'
import type { ExportFile } from '../job/manifest.js'
import { Download } from './download.js'
import { Pin, parsePin } from './pin.js'

export interface ExportSourceOptions {
  readonly server: FhirServer
  readonly links: Links
  readonly files: readonly ExportFile[]
  readonly state: State
  /** Identifies the job: the same file of another job is another version. */
  readonly jobId: string
  /** Compare files with the manifest. */
  readonly isStrict: boolean
}

/** The files of an export. */
export interface ExportFiles extends Source {
  /** Removes the records of downloads: of these items, or of all. */
  forget(names?: ReadonlySet<string>): Promise<void>
}

/** The files of an export as items, downloaded as they are read and never stored. */
export function exportSource(options: ExportSourceOptions): ExportFiles {
  const { server, links, state, isStrict } = options
  const files = new Map(options.files.map((file) => [file.name, file]))
  const receivedBytes = new Map<string, number>()
  const versionOf = ({ name, count }: ExportFile): string =>
    createHash('sha256')
      .update(JSON.stringify([options.jobId, name, count ?? null]))
      .digest('hex')
      .slice(0, 32)
  const pinName = (version: string): string => `export/pins/${version}`

  const itemOf = (file: ExportFile): SourceItem => ({
    name: file.name,
    // The length is certain only once the whole file was received.
    get bytes() {
      return receivedBytes.get(file.name) ?? file.bytes ?? 0
    },
    version: versionOf(file),
    promised: isStrict ? promiseOf(file) : undefined,
  })

  return {
    place: server.base.href,
    folderName: server.base.pathname.split('/').at(-2) ?? '',
    isRemote: true,
    localPaths: async () => [],
    async *list() {
      for (const name of [...files.keys()].sort()) {
        const file = files.get(name) as ExportFile
        const { endBytes } = parsePin((await state.read(pinName(versionOf(file)))) ?? '')
        if (endBytes !== undefined) receivedBytes.set(name, endBytes)
        checkName(name)
        yield itemOf(file)
      }
    },
    async head(name) {
      const file = files.get(name)
      return file && itemOf(file)
    },
    async open({ name, version }, fromByte) {
      const pin = await Pin.open(state, pinName(version), name)
      if (fromByte > 0) await pin.checkProven(fromByte)
      const onEnd = (bytes: number) => void receivedBytes.set(name, bytes)
      const promisedBytes = isStrict ? files.get(name)?.bytes : undefined
      return new Download({ server, links, pin, name, fromByte, promisedBytes, onEnd })
    },
    async forget(names) {
      for (const file of files.values())
        if (names === undefined || names.has(file.name)) await state.remove(pinName(versionOf(file)))
    },
  }
}

const promiseOf = ({ count, resourceType }: ExportFile): PromisedContent => ({
  lineCount: count,
  resourceType,
})
