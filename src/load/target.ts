import { createHash } from 'node:crypto'
import { isSluiceError, sluiceError } from '../errors.js'
import { baseOf } from '../fhir-client/connect.js'
import { parseJson } from '../json/parse.js'
import { isRecord } from '../json/record.js'
import { lockState } from '../storage/held-lock.js'
import type { State } from '../storage/store.js'
import type { LoadOptions } from './options.js'

/** The name of a server's folder in the state: its host, and a digest of its address. Throws USAGE. */
export function targetName(base: string): string {
  const { hostname, href } = baseOf(base)
  const digest = createHash('sha256').update(href).digest('hex').slice(0, 8)
  return `${hostname.replace(/[^a-z0-9.-]/gi, '')}-${digest}`
}

const OF_STATE = /\.load\/[^/]+-[0-9a-f]{8}\/[^/]+$/

/** Whether an item is a file of the state of a load: that of a single file lies beside it. */
export const isOfLoadState = (name: string): boolean => OF_STATE.test(name)

// What the state says where it cannot be written at all.
const UNWRITABLE: ReadonlySet<string> = new Set(['SINK_DENIED', 'SINK_UNWRITABLE', 'SINK_UNUSABLE'])

/** Takes the lock of the state. Throws SINK_LOCKED, INTERRUPTED, and why the state cannot be written. */
export async function lockLoadState({ state, signal, onEvent }: LoadOptions): Promise<() => Promise<void>> {
  try {
    return await lockState(state, { signal, onEvent })
  } catch (error) {
    if (!isSluiceError(error)) throw error
    if (error.code === 'SINK_LOCKED')
      throw sluiceError('SINK_LOCKED', {
        at: state.place,
        message: 'another load of this source into this server is under way',
        cause: error,
      })
    if (!UNWRITABLE.has(error.code)) throw error
    throw sluiceError(error.code, {
      at: error.at ?? state.place,
      message: `the state of the load cannot be stored there: ${error.fact}`,
      help: 'by default the state is beside the source; if that place is not writable, choose another with --state',
      cause: error,
    })
  }
}

const NAME = 'load.json'

interface TargetFacts {
  readonly base: string
  readonly source: string
  /** Digest of the configuration; absent without one. */
  readonly configuration?: string
}

/**
 * Notes what this state is for. Throws USAGE if earlier runs settled entries for another server or with another
 * configuration: then the server would hold resources of both.
 */
export async function settleTarget(
  base: string,
  { source, state, plan }: Pick<LoadOptions, 'source' | 'state' | 'plan'>,
): Promise<void> {
  const facts: TargetFacts = {
    base,
    source: source.place,
    ...(plan !== undefined && { configuration: plan.fingerprint }),
  }
  const kept = await keptFacts(state)
  if (kept !== undefined && kept.base !== base) throw otherUse(state, `the server ${String(kept.base)}`)
  if (kept !== undefined && kept.configuration !== facts.configuration)
    throw otherUse(state, kept.configuration === undefined ? 'no configuration' : 'another configuration')
  if (kept?.source !== facts.source) await state.write(NAME, `${JSON.stringify(facts)}\n`)
}

async function keptFacts(state: State): Promise<Readonly<Record<string, unknown>> | undefined> {
  const kept = parseJson((await state.read(NAME)) ?? '')
  return isRecord(kept) ? kept : undefined
}

const otherUse = ({ place }: State, what: string) =>
  sluiceError('USAGE', {
    at: place,
    message: `this state belongs to a load with ${what}`,
    help: 'give another --state to load everything from the start',
  })
