import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { sluiceError } from '../errors.js'
import type { AzureAccount, ContainerPolicies } from '../storage/azure/azure-account.js'
import type { StoredPolicy } from '../storage/azure/azure-client.js'

/** Maximum number of policies of a container (Azure, "Define a stored access policy"). */
const MAX_POLICIES = 5
const ATTEMPTS = 10

export interface PolicyTerms {
  readonly permissions: string
  readonly startsOn: Date
  readonly expiresOn: Date
}

/**
 * Adds a stored access policy for a name and returns its id. Expired ones of ours make room, others stay as they are.
 * Throws USAGE if there is no room, SINK_LOCKED if others keep changing the container.
 */
export async function addPolicy(account: AzureAccount, forName: string, terms: PolicyTerms): Promise<string> {
  const id = `${idStart(forName)}${randomBytes(4).toString('hex')}`
  await change(account, ({ policies, readAtMs }) => {
    if (policies.some((policy) => policy.id === id)) return undefined
    const kept = policies.filter((policy) => !isExpired(policy, readAtMs))
    if (kept.length >= MAX_POLICIES) throw noRoom(kept)
    return [...kept, { id, accessPolicy: { ...terms } }]
  })
  return id
}

/** Removes the policies of a name and returns their ids, if any. Throws what `addPolicy` throws. */
export function removePolicies(account: AzureAccount, forName: string): Promise<readonly string[]> {
  const start = idStart(forName)
  return removeWhere(account, (id) => id.startsWith(start))
}

/** Removes one policy. */
export const removePolicy = (account: AzureAccount, policy: string): Promise<readonly string[]> =>
  removeWhere(account, (id) => id === policy)

async function removeWhere(account: AzureAccount, isIt: (id: string) => boolean): Promise<readonly string[]> {
  const removed = new Set<string>()
  await change(account, ({ policies }) => {
    const gone = policies.filter(({ id }) => isIt(id))
    for (const { id } of gone) removed.add(id)
    return gone.length === 0 ? undefined : policies.filter(({ id }) => !isIt(id))
  })
  return [...removed]
}

/** Prefix by which a name's policies are found again: its readable characters and a hash of the whole name. */
function idStart(forName: string): string {
  const readable = forName
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 20)
  const hash = createHash('sha256').update(forName.normalize()).digest('hex').slice(0, 8)
  return `sluice-${readable}-${hash}-`
}

const isExpired = ({ id, accessPolicy }: StoredPolicy, nowMs: number): boolean =>
  id.startsWith('sluice-') && (accessPolicy?.expiresOn?.getTime() ?? Number.POSITIVE_INFINITY) < nowMs

/** Reads, edits and writes back until no one else interfered; `edit` returns undefined if nothing is to be done. */
async function change(
  account: AzureAccount,
  edit: (now: ContainerPolicies) => readonly StoredPolicy[] | undefined,
): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const now = await account.policies()
    const next = edit(now)
    if (next === undefined) return
    // The condition is a time in whole seconds: a change within the second of the last one would go unnoticed.
    const isTooFresh = Math.floor(now.readAtMs / 1000) <= Math.floor(now.lastModified.getTime() / 1000)
    if (isTooFresh) await wait(1000)
    else if (await account.setPolicies(next, now)) return
  }
  throw sluiceError('SINK_LOCKED', {
    message: 'others change the container at the same time',
    help: 'run it again',
  })
}

const noRoom = (policies: readonly StoredPolicy[]) =>
  sluiceError('USAGE', {
    message: `the container has ${policies.length} stored access policies, and cannot have more (${policies.map(({ id }) => id).join(', ')})`,
    help: 'revoke one with --revoke, or share without --revocable',
  })
