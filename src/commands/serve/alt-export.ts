import { completedFiles } from '../../alt-export/completed-run.js'
import { runAltExport } from '../../alt-export/run.js'
import { checkAltExportDefinition } from '../../config/alt-export/definition.js'
import { checkConfig } from '../../config/anonymizer/configuration.js'
import { planOf } from '../../config/anonymizer/plan.js'
import { readProxies } from '../../config/environment/proxy-settings.js'
import { readServerAuth } from '../../config/fhir-client/server-auth.js'
import type { AnonymizerPlan } from '../../pipeline/plan.js'
import type { AltExportRunner } from '../../server/alt-export/jobs.js'
import type { AltExportSettings } from '../../server/alt-export/service.js'
import type { ServerOptions } from '../../server/server.js'
import type { StoreAccess } from '../../storage/access.js'
import { openInbox, openLake } from '../../storage/open.js'
import { locate } from '../../storage/stores.js'
import { besides } from '../besides.js'
import { keyVaultReader } from '../key-vault-reader.js'
import { required, usage } from '../shared-options.js'
import { readConfigAt } from '../store-access.js'
import { SERVE_OPTIONS, type ServeValues } from './options.js'

const DAY_MS = 86_400_000

/** What the options make of `$alt-export`; undefined if it is not offered. Throws USAGE, CONFIG_INVALID. */
export async function altExportOf(
  values: ServeValues,
  access: StoreAccess,
  onEvent: ServerOptions['onEvent'],
): Promise<AltExportSettings | undefined> {
  const { altExportFrom, altExportTo, altExportTrigger } = values
  if (altExportFrom === undefined) {
    if (altExportTo !== undefined || altExportTrigger !== undefined)
      throw usage('--alt-export-to and --alt-export-trigger need --alt-export-from')
    return undefined
  }
  return {
    runner: await runnerOf(altExportFrom, values, { access, onEvent }),
    readDefinition: (body) => checkAltExportDefinition(body, 'of the request'),
    maxActive: values.altExportMax,
    expiresMs: values.altExportHistory * DAY_MS,
    ...(altExportTrigger === undefined ? {} : { trigger: await triggerOf(altExportTrigger, access) }),
  }
}

/** Exports into a folder for each job. */
async function runnerOf(
  base: string,
  values: ServeValues,
  { access, onEvent }: { readonly access: StoreAccess; readonly onEvent: ServerOptions['onEvent'] },
): Promise<AltExportRunner> {
  const to = required(values.altExportTo, SERVE_OPTIONS.altExportTo)
  const { altExportAuth, altExportConfig, onlyAnonymized } = values
  if (onlyAnonymized && altExportConfig === undefined)
    throw usage('with --only-anonymized, --alt-export-from needs --alt-export-config')
  const auth =
    altExportAuth === undefined
      ? undefined
      : await readServerAuth(altExportAuth, keyVaultReader(access.retry))
  const plan = altExportConfig === undefined ? undefined : await planAt(altExportConfig, values, access)
  const lake = await openLake(to, access, { isToBeCreated: true })
  const proxies = readProxies()
  return {
    async run({ id, definition }, { signal, onStatus }) {
      const sink = lake.sink(id)
      const report = await runAltExport({
        base,
        definition,
        sink,
        auth,
        proxies,
        plan,
        signal,
        onStatus,
        workers: values.workers,
        memoryBudgetBytes: values.memoryBudget,
        maxLineBytes: values.maxLineBytes,
        onEvent: ({ event, level, ...fields }) => onEvent({ event, level, job: id, ...fields }),
      })
      return { report, files: completedFiles(report, sink.place) }
    },
  }
}

async function planAt(path: string, values: ServeValues, access: StoreAccess): Promise<AnonymizerPlan> {
  const { raw, baseFolder } = await readConfigAt(path, access)
  const { fhirVersion, allowRandomKeys, allowWeakKeys } = values
  return planOf(checkConfig(raw, { fhirVersion, baseFolder, allowRandomKeys, allowWeakKeys }), undefined)
}

async function triggerOf(place: string, access: StoreAccess): Promise<AltExportSettings['trigger']> {
  return {
    inbox: await openInbox(place, access),
    processed: await openInbox(besides(place, '-processed'), access),
    read: (name) => locate(place, access).below(name).readText(),
  }
}
