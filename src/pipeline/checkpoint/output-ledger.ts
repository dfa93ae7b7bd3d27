import { parseJson } from '../../json/parse.js'
import { textLines } from '../../ndjson/text-lines.js'
import type { State } from '../../storage/store.js'
import { readRunReport } from '../report/state-report.js'

const NAME = 'ledger.ndjson'

/**
 * The names of all outputs that runs have begun in this sink and that may exist. They are written before outputs change,
 * so that anything left by an interrupted run is known as ours, even if its input is gone by then.
 */
export async function readLedger(state: State): Promise<readonly string[]> {
  const text = await state.read(NAME)
  if (text !== undefined) return [...textLines(text)].flatMap((line) => nameOf(line.text))
  // This is the form of an earlier version.
  const report = await readRunReport(state)
  return report === undefined ? [] : [...report.outputs, ...(report.earlier ?? [])].map(({ name }) => name)
}

/** Names alone, each as JSON text, because they may contain anything. */
export async function writeLedger(state: State, names: Iterable<string>): Promise<void> {
  const lines = Array.from(names, (name) => `${JSON.stringify(name)}\n`)
  await state.write(NAME, lines.join(''))
}

function nameOf(line: string): readonly string[] {
  const name = parseJson(line)
  return typeof name === 'string' ? [name] : []
}
