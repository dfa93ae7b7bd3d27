import type { ImportOptions, ImportReport, ImportTarget } from '../../load/import/options.js'
import { cancelImport, runImport } from '../../load/import/run.js'
import type { LoadOptions } from '../../load/options.js'
import type { StoreAccess } from '../../storage/access.js'
import { blobAddressAt, openSource, openStage } from '../../storage/open.js'
import { longFlag, required, usage } from '../shared-options.js'
import { IMPORT_OPTIONS } from './import-options.js'
import type { LoadValues } from './options.js'

/** What a load has anyway, and what an import needs besides. */
export interface ImportSetting {
  readonly load: Omit<LoadOptions, 'onEvent'>
  readonly onEvent: NonNullable<ImportOptions['onEvent']>
  readonly access: StoreAccess
  /** Address of the source. */
  readonly address: string
}

/** Loads through `$import`, or cancels the unfinished import and returns what to say. Throws what `runImport` throws. */
export async function importInto(values: LoadValues, setting: ImportSetting): Promise<ImportReport | string> {
  const options = await importOptionsOf(values, setting)
  if (!values.cancelImport) return runImport(options)
  return (await cancelImport(options))
    ? 'the import is cancelled'
    : 'nothing was cancelled: there is no unfinished import, or the server did not cancel it'
}

async function importOptionsOf(
  values: LoadValues,
  { load, onEvent, access, address }: ImportSetting,
): Promise<ImportOptions> {
  const stage = required(values.stage, IMPORT_OPTIONS.stage)
  if (values.method === 'post')
    throw usage('--via import stores resources under their ids; --method post needs --via bundles')
  const { order: _, method: __, state, faultPoint: ___, ...shared } = load
  return {
    ...shared,
    target: targetOf(values, stage, access),
    stage: await openStage(stage, access, { source: address, state }),
    staged: await openSource(stage, access),
    openFolder: (folder) => openSource(addressOf(folder, blobAddressAt(stage, access)), access),
    keepStaged: values.keepStaged,
    pollIntervalMs: values.pollInterval * 1000,
    pollLimitMs: values.pollLimit * 60_000,
    onEvent,
  }
}

/** Credentials of the emulator are found by its own scheme. */
const addressOf = (url: string, stage: ReturnType<typeof blobAddressAt>): string =>
  stage?.isEmulator === true ? url.replace(`${stage.endpoint}/`, 'azurite://') : url

function targetOf(values: LoadValues, stage: string, access: StoreAccess): ImportTarget {
  const { serveAt, importMode, eventualConsistency, negativeVersions } = values
  if (serveAt !== undefined) return { kind: 'hapi', serveAt }
  const address = blobAddressAt(stage, access)
  if (address === undefined)
    throw usage('a server that reads files itself needs --stage in a container; HAPI needs --serve-at')
  const { endpoint, container, path } = address
  const folder = [container, ...path.split('/')].filter((part) => part !== '').map(encodeURIComponent)
  return {
    kind: 'azure',
    mode: importMode,
    ...(eventualConsistency && { eventualConsistency }),
    ...(negativeVersions && { allowNegativeVersions: true }),
    account: `${endpoint}/`,
    urlOf: (name) => `${endpoint}/${folder.join('/')}/${name}`,
  }
}

/** Throws USAGE for an option that only an import has. */
export function checkNoImport(values: LoadValues): void {
  const given = (['stage', 'serveAt', 'importMode'] as const).filter((name) => values[name] !== undefined)
  const flags = (['eventualConsistency', 'negativeVersions', 'keepStaged', 'cancelImport'] as const).filter(
    (name) => values[name],
  )
  const [first] = [...given, ...flags]
  if (first !== undefined) throw usage(`${longFlag(IMPORT_OPTIONS[first])} needs --via import`)
}
