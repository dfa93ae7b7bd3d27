import { parseJson } from '../../json/parse.js'
import type { PublishedRun } from '../../published/report.js'
import type { State } from '../../storage/store.js'
import { digestOf } from '../checkpoint/run-secrets.js'
import { hashOf } from '../item-list.js'
import type { AnonymizerPlan, RunSecrets } from '../plan.js'

/** Facts shared by runs with one configuration, set of keys and reference day. Ids of different ones do not join. */
export type RunFacts = Pick<PublishedRun, 'configuration' | 'asOf'>

const NAME = 'runs-of-outputs.json'
const MAX_ENTRIES = 1000

export const runKeyOf = (plan: AnonymizerPlan, secrets: RunSecrets): string =>
  hashOf(plan.fingerprint, digestOf(secrets)).slice(0, 32)

/** Runs whose outputs may be in this sink, by key. */
export async function readRunFacts(state: State): Promise<ReadonlyMap<string, RunFacts>> {
  const entries = parseJson((await state.read(NAME)) ?? '')
  return new Map(Array.isArray(entries) ? (entries as [string, RunFacts][]) : [])
}

/** Records a run before it makes outputs. */
export async function noteRun(state: State, key: string, facts: RunFacts): Promise<void> {
  const known = await readRunFacts(state)
  if (known.has(key)) return
  await state.write(NAME, `${JSON.stringify([...known, [key, facts]].slice(-MAX_ENTRIES))}\n`)
}
