import { randomUUID } from 'node:crypto'
import { lockedError, waitForLock } from '../../lock-wait.js'
import { isAlive, parseHolder, thisProcess } from '../../process-identity.js'
import type { LockHolder, LockLife, LockWait } from '../../store.js'
import type { BlobContainer } from '../blob-container.js'

// Azure grants leases of 15 to 60 s. The lease of a dead process expires.
const LEASE_SECONDS = 30
const RENEW_EVERY_MS = 8_000
const LEASE_MS = LEASE_SECONDS * 1000
const ASK_EVERY_MS = 2_000
// A holder that still renews it after that is alive.
const WAIT_MS = LEASE_MS + 5000

export interface BlobLock {
  /** Whether nobody had locked it before, so that nothing can lie beside it. */
  readonly isFirst: boolean
  /** Why the lock was lost, if it was. */
  readonly lost: () => unknown
  readonly release: () => Promise<void>
}

export interface LockOptions extends LockWait {
  /** Default 8 s. */
  readonly renewEveryMs?: number
  /** Monotonic clock in milliseconds. */
  readonly now?: () => number
}

/**
 * Takes the lease of a blob for this process and keeps it. Waits for the lease of a process that may be gone; one of
 * this machine that is gone is taken over at once. Throws SINK_LOCKED.
 */
export async function lockBlob(
  container: BlobContainer,
  name: string,
  {
    signal,
    isPatient = true,
    onWait,
    renewEveryMs = RENEW_EVERY_MS,
    now = () => performance.now(),
  }: LockOptions = {},
): Promise<BlobLock> {
  const me = await thisProcess(randomUUID())
  const written = await container
    .put(name, Buffer.from(JSON.stringify(me)), { ifNoneMatch: '*' })
    .catch(isLeasedAlready)
  const until = performance.now() + WAIT_MS
  let askedAt = now()
  let isWaiting = false
  let etag: string | undefined
  for (;;) {
    etag = await container.acquireLease(name, me.token, LEASE_SECONDS)
    if (etag !== undefined) break
    const holder = parseHolder((await container.readText(name))?.text ?? '')
    const alive = holder === undefined ? undefined : await isAlive(holder)
    if (alive === true || (!isPatient && alive === undefined) || performance.now() > until)
      throw lockedError(`${container.place}/${name}`)
    // Another process may already hold it without having written its name yet.
    const isFreed =
      alive === false && holder !== undefined && (await container.releaseLease(name, holder.token))
    if (!isFreed) {
      if (!isWaiting) onWait?.({ place: `${container.place}/${name}`, maxSeconds: WAIT_MS / 1000 })
      isWaiting = true
      await waitForLock(ASK_EVERY_MS, signal)
    }
    askedAt = now()
  }
  // Another process may have held it since it was made here; each signs it before it writes anything else.
  const isFirst = written?.kind === 'done' && written.etag === etag
  if (!isFirst) await container.put(name, Buffer.from(JSON.stringify(me)), { leaseId: me.token })
  return { ...keep(container, name, { token: me.token, heldSince: askedAt, renewEveryMs, now }), isFirst }
}

/** Who holds the lease of a blob; undefined if nobody does. */
export async function blobHolder(container: BlobContainer, name: string): Promise<LockHolder | undefined> {
  if ((await container.head(name))?.isLeased !== true) return undefined
  const holder = parseHolder((await container.readText(name))?.text ?? '')
  return { host: holder?.host ?? 'unknown', pid: holder?.pid, signature: holder?.token ?? '' }
}

/** After so long, nobody holds a lease that is not renewed. */
export const BLOB_LOCK_LIFE: LockLife = { kind: 'expires', afterMs: WAIT_MS }

/** A leased blob refuses every write without the lease. */
function isLeasedAlready(error: unknown): undefined {
  if ((error as { code?: unknown }).code !== 'SINK_LOCKED') throw error
}

interface Lease {
  readonly token: string
  /** Time of the request, from which the lease lasts at least. */
  readonly heldSince: number
  readonly renewEveryMs: number
  readonly now: () => number
}

function keep(
  container: BlobContainer,
  name: string,
  { token, heldSince, renewEveryMs, now }: Lease,
): Omit<BlobLock, 'isFirst'> {
  let renewedAt = heldSince
  let isTaken = false
  let isAsking = false
  const renew = async (): Promise<void> => {
    if (isAsking) return
    isAsking = true
    const askedAt = now()
    try {
      // A renewal with its own retries could outlast the lease.
      if (await container.renewLease(name, token, AbortSignal.timeout(renewEveryMs))) renewedAt = askedAt
      else isTaken = true
    } catch {
      // The next renewal may succeed; if none does, the lease expires.
    } finally {
      isAsking = false
    }
  }
  const timer = setInterval(() => void renew(), renewEveryMs)
  timer.unref()
  return {
    lost: () =>
      isTaken || now() - renewedAt > LEASE_MS
        ? lockedError(`${container.place}/${name}`, 'the lock of this output was lost to another run')
        : undefined,
    async release() {
      clearInterval(timer)
      // Otherwise the lease expires.
      await container.releaseLease(name, token).catch(() => false)
    },
  }
}
