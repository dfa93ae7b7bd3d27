import { sharedRun } from '../../config/environment/array-task.js'
import { printByteCount, printCount, printCounted } from '../../config/units/sizes.js'
import { type RunStatus, runStatus } from '../../pipeline/tasks/status.js'
import { openSharedRun } from '../anonymize/open-run.js'
import type { Terminal } from '../display/terminal.js'
import { EXIT, type ExitCode } from '../exit-codes.js'
import { usage } from '../shared-options.js'
import { storeAccess } from '../store-access.js'
import type { StatusValues } from './options.js'

const MAX_HOSTS = 10

/** `sluice status`. Throws what the store throws. */
export async function status(
  { state, runId, json }: StatusValues,
  terminal: Terminal,
  [output, ...others]: readonly string[],
): Promise<ExitCode> {
  if (output === undefined || others.length > 0)
    throw usage('status needs one output: a folder or an address')
  const wanted = { state, runId: runId ?? sharedRun().runId }
  const { sink } = await openSharedRun(output, wanted, storeAccess(terminal))
  const found = await runStatus(sink)
  if (json) terminal.print(JSON.stringify(found ?? null))
  else if (found === undefined) terminal.print(`no run of several tasks was started in ${sink.place}`)
  else for (const line of statusText(found)) terminal.print(line)
  return EXIT.delivered
}

function* statusText(status: RunStatus): Iterable<string> {
  const { runId, startedAt, ended, units, bytes, lines, quarantined, failed, holders } = status
  yield `run${runId === '' ? '' : ` ${runId}`}, started at ${startedAt}${ended === undefined ? '' : `, ended at ${ended.at}`}`
  yield `${printCount(units.done)} of ${printCounted(units.all, 'unit is', 'units are')} done, ${printCount(units.held)} held, ${printCount(units.free)} free`
  yield `${printByteCount(bytes.done)} of ${printByteCount(bytes.all)} read`
  if (ended === undefined)
    yield `${printCounted(lines, 'line')}, ${printCount(quarantined)} of them quarantined`
  if (failed > 0) yield `${printCounted(failed, 'item has', 'items have')} failed`
  const hosts = new Map<string, number>()
  for (const { host } of holders) hosts.set(host, (hosts.get(host) ?? 0) + 1)
  const shown = [...hosts]
    .slice(0, MAX_HOSTS)
    .map(([host, count]) => `${host} (${printCounted(count, 'unit')})`)
  if (shown.length > 0) yield `held by ${shown.join(', ')}${hosts.size > MAX_HOSTS ? ', …' : ''}`
}
