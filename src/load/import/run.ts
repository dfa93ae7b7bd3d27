import { isSluiceError, sluiceError } from '../../errors.js'
import { answerLog } from '../../fhir-client/answers.js'
import { connect } from '../../fhir-client/connect.js'
import { createPace } from '../../fhir-client/pace.js'
import type { FhirServer } from '../../fhir-client/server.js'
import { SYSTEM_RETRY_CLOCK } from '../../http/retry-clock.js'
import { packageVersion } from '../../version.js'
import type { EntryLimits } from '../entries/limits.js'
import { loadItems } from '../entries/load-items.js'
import { openAudit, openPreparer } from '../open-load.js'
import { type LoadOptions, leftOut, retriedEvent, type UnreadableItem } from '../options.js'
import { serverSearch } from '../prepare/server-search.js'
import { checkSource } from '../run.js'
import { lockLoadState, settleTarget } from '../target.js'
import type { LoadItem } from '../unit.js'
import { cancelImportJob, forgetImport } from './clean-up.js'
import { contextOf, type ImportContext } from './context.js'
import { backToStaged, type ImportJob, readItems, readJob, writeJob } from './job.js'
import type { ImportOptions, ImportReport } from './options.js'
import { reportOf } from './report.js'
import { importStaged } from './round.js'
import type { FileSettlement } from './settlement.js'
import { fingerprintOf, isStarted, stageRound } from './staged-round.js'

const REPORT_NAME = 'report.json'
const CANCEL_TIMEOUT_MS = 15_000
const MAX_SEARCHES = 8

/**
 * Loads through the server's `$import`: stages the resources as files, has the server import them, and settles each
 * line in the audit. Continues the staging and the job of an earlier run. Throws SOURCE_*, SINK_*, LOAD_REFUSED,
 * LOAD_INVALID, IMPORT_FAILED, IMPORT_INCOMPLETE, IMPORT_OVERDUE, AUTH_FAILED, SERVICE_UNAVAILABLE, INTERRUPTED.
 */
export async function runImport(options: ImportOptions): Promise<ImportReport> {
  return withContext(options, async (context) => {
    const startedAt = new Date().toISOString()
    const items = await itemsOf(options)
    await context.audit.begin(runFacts(context))
    const earlier = await readJob(context.state)
    const isContinued = earlier?.phase === 'running'
    const { files, unreadable } = await importRounds(context, items, earlier)
    context.faultPoint('before-report')
    const report = reportOf(context, { startedAt, isContinued, items, files, unreadable })
    await context.state.write(REPORT_NAME, `${JSON.stringify(report, null, 2)}\n`)
    context.faultPoint('after-report')
    checkComplete(context, files)
    return report
  })
}

/** Cancels the unfinished import recorded in the state. Returns false if there is none or the server refuses. */
export function cancelImport(options: ImportOptions): Promise<boolean> {
  return withContext(options, abandon)
}

/** What the audit says of a run. */
const runFacts = ({ server, options: { source, target, plan, repeatsFailures } }: ImportContext) => ({
  version: packageVersion(),
  via: 'import',
  server: target.kind,
  base: server.base.href,
  source: source.place,
  ...(repeatsFailures === true && { repeatsFailures }),
  ...(plan !== undefined && { configuration: plan.configuration?.sha256 }),
})

interface Rounds {
  readonly files: readonly FileSettlement[]
  readonly unreadable: readonly UnreadableItem[]
}

/**
 * Stages and imports what is not settled. What refers to a resource that the server does not have yet is left for the
 * next round, as long as a round imports something.
 */
async function importRounds(
  context: ImportContext,
  items: readonly LoadItem[],
  earlier: ImportJob | undefined,
): Promise<Rounds> {
  const files: FileSettlement[] = []
  // What the server may already work on comes first, whatever the source holds by now.
  if (earlier !== undefined && isStarted(earlier, fingerprintOf(items, context.options)))
    files.push(...(await finish(context, earlier)))
  let unreadable: ReadonlyMap<string, UnreadableItem> = new Map()
  const isOpen = ({ name, version }: LoadItem): boolean =>
    !context.audit.recordOf({ name, version }).isDone && !unreadable.has(name)
  for (let defers = true; files.every(({ isComplete }) => isComplete) && items.some(isOpen); ) {
    const round = await stageRound(context, items, defers)
    unreadable = round.unreadable
    files.push(...(await finish(context, round.job)))
    if (!defers) break
    defers = round.fileCount > 0
    context.preparer.newRound()
  }
  return { files, unreadable: [...unreadable.values()] }
}

async function withContext<T>(
  options: ImportOptions,
  act: (context: ImportContext) => Promise<T>,
): Promise<T> {
  const load = asLoad(options)
  await checkSource(load)
  const closing: (() => Promise<void> | void)[] = []
  try {
    const server = connected(options)
    closing.push(() => server.http.close())
    closing.push(await lockLoadState(load))
    const audit = await openAudit(load)
    closing.push(() => audit.close())
    await settleTarget(server.base.href, load)
    const { clock = SYSTEM_RETRY_CLOCK, signal } = options
    const pace = createPace({ max: MAX_SEARCHES, clock, ...(signal !== undefined && { signal }) })
    const preparer = await openPreparer(load, serverSearch(server, pace))
    closing.push(() => preparer.close())
    return await act(contextOf(options, { server, audit, preparer }))
  } finally {
    for (const close of closing.reverse()) await close()
  }
}

/** As the parts that an import shares with other loads know it. */
const asLoad = ({ faultPoint: _, ...options }: ImportOptions): LoadOptions => ({
  ...options,
  state: options.stage.state,
})

function connected(options: ImportOptions, signal = options.signal): FhirServer {
  const { stage, onEvent } = options
  return connect({
    ...options,
    signal,
    use: { access: 'write', types: [], refused: 'LOAD_REFUSED', invalid: 'LOAD_INVALID' },
    answers: answerLog(stage.state, onEvent, 'import'),
    onRetry: (retry) => onEvent?.(retriedEvent(retry)),
  })
}

/**
 * The items of the source, sorted by name. An import knows no transactions: their entries are handed out one by one,
 * with references to each other by id.
 */
async function itemsOf({ source, onEvent }: ImportOptions): Promise<readonly LoadItem[]> {
  const all: LoadItem[] = []
  const limits: EntryLimits = {
    splitTransactions: true,
    maxTransactionEntries: 0,
    onEvent: (event) => onEvent?.(leftOut(event)),
  }
  for await (const item of loadItems(source, limits)) all.push(item)
  return all
}

/** Imports what is staged; if that settles everything, nothing of it is kept. */
async function finish(context: ImportContext, job: ImportJob): Promise<readonly FileSettlement[]> {
  const { audit, state, options } = context
  const files = await importStaged(context, job).catch(async (error: unknown) => {
    await cancelAfter(error, context)
    throw error
  })
  if (!files.every(({ isComplete }) => isComplete)) return files
  for (const { name, version, lastOrdinal } of await readItems(state)) {
    if (lastOrdinal === undefined) continue
    const item = audit.recordOf({ name, version })
    item.readToEnd(lastOrdinal)
    await audit.settleEnd(item)
  }
  await forgetImport(state, options.stage, { keepStaged: options.keepStaged })
  return files
}

async function cancelAfter(error: unknown, { options, state, emit }: ImportContext): Promise<void> {
  const isInterrupted = isSluiceError(error) && error.code === 'INTERRUPTED'
  const job = isInterrupted && options.onInterrupt === 'cancel' ? await readJob(state) : undefined
  if (job?.phase !== 'running') return
  // The run's own signal is aborted.
  const server = connected(options, AbortSignal.timeout(CANCEL_TIMEOUT_MS))
  try {
    const isCancelled = await cancelImportJob(server, job)
    if (isCancelled) await writeJob(state, backToStaged(job))
    emit(isCancelled ? 'import.cancelled' : 'import.not-cancelled', {}, isCancelled ? 'info' : 'warn')
  } finally {
    server.http.close()
  }
}

async function abandon({ server, state, options, emit }: ImportContext): Promise<boolean> {
  const job = await readJob(state)
  if (job === undefined) return false
  const isCancelled = await cancelImportJob(server, job)
  emit(isCancelled ? 'import.cancelled' : 'import.not-cancelled', {}, isCancelled ? 'info' : 'warn')
  if (isCancelled) await forgetImport(state, options.stage)
  return isCancelled
}

/** Throws IMPORT_INCOMPLETE. */
function checkComplete({ server }: ImportContext, files: readonly FileSettlement[]): void {
  const open = files.flatMap(({ isComplete, imported }) => (isComplete ? [] : [imported]))
  const [first] = open
  if (first === undefined) return
  const { name, lines, loaded, failed } = first
  const more = open.length === 1 ? '' : `, and ${open.length - 1} files more`
  throw sluiceError('IMPORT_INCOMPLETE', {
    at: server.base.href,
    message: `of ${lines} resources in ${name}, ${loaded} were loaded and ${failed} failed, by the server's counts${more}`,
  })
}
