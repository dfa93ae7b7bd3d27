import { createHash } from 'node:crypto'
import type { State } from '../../storage/store.js'
import type { AnonymizerPlan, RunSecrets } from '../plan.js'

const NAME = 'run-secrets.json'

export interface OpenedSecrets {
  readonly secrets: RunSecrets
  /** Whether they belong to an incomplete run. */
  readonly resumed: boolean
}

/**
 * Returns the secrets of an incomplete run with the same configuration, or new ones, durable before any output is
 * made.
 */
export async function openSecrets(state: State, plan: AnonymizerPlan): Promise<OpenedSecrets> {
  const kept = parse(await state.read(NAME))
  if (kept?.fingerprint === plan.fingerprint) return { secrets: kept.secrets, resumed: true }
  await state.destroy(NAME)
  const secrets = plan.newRunSecrets()
  await state.write(NAME, JSON.stringify({ fingerprint: plan.fingerprint, secrets }))
  return { secrets, resumed: false }
}

/** The secrets of an incomplete run with the same configuration; undefined if there are none. */
export async function readSecrets(state: State, plan: AnonymizerPlan): Promise<RunSecrets | undefined> {
  const kept = parse(await state.read(NAME))
  return kept?.fingerprint === plan.fingerprint ? kept.secrets : undefined
}

/** Destroys the secrets of a complete run, so that no one can compute the same hashes again. */
export const destroySecrets = (state: State): Promise<void> => state.destroy(NAME)

/** Digest of the secrets. Random keys are too long to be guessed from it. */
export const digestOf = ({ asOf, keys }: RunSecrets): string =>
  createHash('sha256')
    .update(JSON.stringify([asOf, Object.entries(keys).sort()]))
    .digest('hex')

function parse(text: string | undefined) {
  try {
    const kept = JSON.parse(text ?? 'null') as { fingerprint?: unknown; secrets?: RunSecrets } | null
    if (typeof kept?.fingerprint === 'string' && typeof kept.secrets?.asOf === 'string')
      return { fingerprint: kept.fingerprint, secrets: kept.secrets }
  } catch {
    // The file was torn by a full disk, so the run that wrote it had not started.
  }
  return undefined
}
