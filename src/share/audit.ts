import { sluiceError } from '../errors.js'
import type { BlobContainer } from '../storage/azure/blob-container.js'

/** A line of `shares.ndjson`; never contains the signature. */
export interface AuditLine {
  readonly at: string
  readonly event: 'shared' | 'revoked'
  /** User account on the machine that ran it. */
  readonly by: string
  readonly for: string
  /** Address without credentials. */
  readonly what: string
  readonly [fact: string]: unknown
}

export interface AuditPlace {
  /** Address of the blob, for messages. */
  readonly place: string
  readonly container: BlobContainer
  /** Length of the blob. */
  readonly name: string
}

const ATTEMPTS = 20

/** Appends a line; concurrent writers do not disturb each other. Throws SINK_*. */
export async function writeAudit({ container, name }: AuditPlace, line: AuditLine): Promise<void> {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`)
  if (!(await container.exists())) await container.createIfMissing()
  let position = (await container.head(name))?.bytes
  if (position === undefined) {
    await container.createAppendBlob(name, { contentType: 'application/x-ndjson', ifNoneMatch: '*' })
    position = 0
  }
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const appended = await container.appendBlock(name, bytes, { position })
    if (appended.kind === 'done') return
    position = appended.bytes
  }
  throw sluiceError('SINK_LOCKED', {
    at: name,
    message: 'others write to it at the same time; nothing was shared',
    help: 'run it again',
  })
}
