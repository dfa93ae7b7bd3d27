import { randomUUID } from 'node:crypto'
import { readSecret } from '../../config/environment/secret-place.js'
import { DEFAULT_SCHEDULE, type PipelineConfig } from '../../config/pipeline/schema.js'
import { printByteCount, printCount } from '../../config/units/sizes.js'
import { sluiceError } from '../../errors.js'
import { probeServer } from '../../fhir-client/probe.js'
import { calendarOf } from '../../runs/cron.js'
import type { PipelineSource } from '../../runs/pipeline.js'
import type { Sink } from '../../storage/store.js'
import type { Terminal } from '../display/terminal.js'
import { EXIT, type ExitCode, exitCodeOf } from '../exit-codes.js'
import { describeFailure } from '../failure.js'
import { openAnonymizer, openPipelineLake, openPipelineSource } from '../open-pipeline.js'
import { type PipelineFile, secretSourcesOf } from '../pipeline-file.js'
import type { RunValues } from './options.js'

/** One thing that was looked at. */
interface Finding {
  readonly part: string
  readonly isFine: boolean
  /** What a run would do, or what is wrong. */
  readonly text: string
  readonly exitCode: ExitCode
}

/** `sluice run --check`: looks at every part, however many are wrong; the exit code is that of the first that is. */
export async function check(file: PipelineFile, values: RunValues, terminal: Terminal): Promise<ExitCode> {
  const findings: Finding[] = []
  for (const [part, look] of Object.entries(LOOKS)) {
    const finding = await lookAt(part, () => look(file))
    if (finding !== undefined) findings.push(finding)
  }
  if (values.json) terminal.print(JSON.stringify(findings))
  else
    for (const { part, isFine, text } of findings)
      terminal.print(`${isFine ? 'ok   ' : 'FAILS'}  ${part.padEnd(10)}  ${text}`)
  return findings.find(({ isFine }) => !isFine)?.exitCode ?? EXIT.delivered
}

async function lookAt(part: string, look: () => Promise<string | undefined>): Promise<Finding | undefined> {
  try {
    const text = await look()
    return text === undefined ? undefined : { part, isFine: true, text, exitCode: EXIT.delivered }
  } catch (error) {
    return { part, isFine: false, text: describeFailure(error).text, exitCode: exitCodeOf(error) }
  }
}

/** What a run would do with each part; undefined for one that the file has not. */
const LOOKS: Readonly<Record<string, (file: PipelineFile) => Promise<string | undefined>>> = {
  async schedule({ config: { schedule = DEFAULT_SCHEDULE } }) {
    const calendar = calendarOf(schedule)
    const times: string[] = []
    for (let at = calendar.next(new Date()); at !== undefined && times.length < 3; at = calendar.next(at))
      times.push(at.toISOString())
    return `${schedule.cron} (${schedule.timeZone}): with --daemon at ${times.join(', ')} …`
  },
  async anonymizer(file) {
    const { spec, randomKeys } = await openAnonymizer(file)
    const keys = randomKeys.length === 0 ? '' : `; keys made for each run: ${randomKeys.join(', ')}`
    return `${printCount(spec.rules.length)} rules for ${spec.fhirVersion}${keys}`
  },
  source: async (file) => sourceText(await openPipelineSource(file), file),
  async sink(file) {
    const lake = await openPipelineLake(file)
    const unlock = await lake.state.lock()
    try {
      const probe = `sluice-probe-${randomUUID()}.txt`
      for (const place of [lake.state, stored(lake.sink(''))]) {
        await place.write(probe, '')
        await place.remove(probe)
      }
    } finally {
      await unlock()
    }
    return `${lake.place}: can be written; a folder for each run (${file.config.sink.layout}), state in ${lake.state.place}`
  },
  retention: async ({ config }) => retentionText(config),
  async notify(file) {
    const { notify } = file.config
    if (notify === undefined) return undefined
    const sources = secretSourcesOf(file)
    const { url, secret } = notify
    const address = typeof url === 'string' ? url : await readSecret(url, 'notify.url', sources)
    if (secret !== undefined) await readSecret(secret, 'notify.secret', sources)
    const origin = URL.canParse(address) ? new URL(address).origin : undefined
    if (origin === undefined) throw notAnAddress()
    return `on ${notify.on.join(' and ')} to ${origin}${secret === undefined ? '' : ', signed'} (nothing was sent)`
  },
}

const stored = ({ put, remove }: Pick<Sink, 'put' | 'remove'>) => ({ write: put, remove })

const notAnAddress = () =>
  sluiceError('CONFIG_INVALID', {
    at: 'notify.url',
    message: 'is not an address',
    help: 'give one that begins with https://',
  })

async function sourceText(source: PipelineSource, { config, access }: PipelineFile): Promise<string> {
  const extent = config.onlyNew ? 'what changed since the last complete run' : 'everything'
  if (source.kind === 'server') {
    const { software } = await probeServer({ ...source.options, signal: access.retry.signal })
    const { level } = source.options.request
    return `${source.options.base}: answers${software === undefined ? '' : ` (${software})`}; a ${level} export of ${extent}`
  }
  if (source.kind === 'queries') {
    const { base, definition } = source.options
    const { software } = await probeServer({ ...source.options, signal: access.retry.signal })
    const what =
      definition.kind === 'type' ? `${definition.type}, ${extent}` : 'the patients that a query finds'
    return `${base}: answers${software === undefined ? '' : ` (${software})`}; an export by queries: ${what}`
  }
  let count = 0
  let bytes = 0
  for await (const item of source.source.list(() => {})) {
    count += 1
    bytes += item.bytes
  }
  return `${source.source.place}: ${printCount(count)} files, ${printByteCount(bytes)}; ${extent}`
}

async function retentionText({ retention, onlyNew }: PipelineConfig): Promise<string | undefined> {
  if (retention === undefined) return undefined
  const { keepLast, olderThanDays } = retention
  const rules = [
    ...(olderThanDays === undefined ? [] : [`that are older than ${printCount(olderThanDays)} days`]),
    ...(keepLast === undefined ? [] : [`but for the newest ${printCount(keepLast)}`]),
  ]
  const advice = onlyNew ? '; with onlyNew no newer folder holds what goes with an old one' : ''
  return `removes complete outputs ${rules.join(', ')}${advice}`
}
