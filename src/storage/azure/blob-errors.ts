import { type ErrorCode, isSluiceError, type SluiceError, sluiceError } from '../../errors.js'
import { isTlsCode, RequestFailure } from '../../http/retry.js'
import type { SasFacts } from './sas-facts.js'

/** What a container is used for: decides between SOURCE_* and SINK_*. */
export type BlobRole = 'source' | 'sink'

/** What a message about a failed request can say. */
export interface BlobErrorContext {
  readonly role: BlobRole
  /** The container's address, without credentials. */
  readonly place: string
  readonly sas?: SasFacts | undefined
  /** How the requests are authorized. */
  readonly identity: 'sas' | 'key' | 'token'
}

/** One request: the permission it needs, and the blob it concerns, if it does. */
export interface BlobAction {
  readonly at: string
  readonly needs: 'read' | 'list' | 'create' | 'write' | 'add' | 'delete' | 'delegate'
}

/** The code of a failed request for an identity that cannot be had. */
export const NO_IDENTITY = 'NO_IDENTITY'

/** What Microsoft Entra calls an error. */
const isEntraCode = (code: string): boolean => code.startsWith('AADSTS')

/** The least role of Azure that has the permission, where it is not Contributor. */
const ROLES: Partial<Record<BlobAction['needs'], string>> = {
  read: 'Storage Blob Data Reader',
  list: 'Storage Blob Data Reader',
  delegate: 'Storage Blob Delegator',
}

const SKEW_MS = 10 * 60_000

/** A final failure of a request as the caller's error. Whatever is no RequestFailure comes back as it is. */
export function blobError(error: unknown, context: BlobErrorContext, action: BlobAction): unknown {
  if (isSluiceError(error) || !(error instanceof RequestFailure)) return error
  const { status, code } = error
  const isSource = context.role === 'source'
  const make = (
    errorCode: ErrorCode,
    message: string,
    { retry = 'never', at = action.at }: { retry?: 'never' | 'now' | 'later'; at?: string } = {},
  ): SluiceError =>
    sluiceError(errorCode, message, { blame: isSource ? 'source' : 'sink', retry, at, cause: error })
  const unusable = isSource ? 'SOURCE_UNREADABLE' : 'SINK_UNWRITABLE'

  if (isTlsCode(code))
    return sluiceError(
      'USAGE',
      `The connection to the service cannot be trusted (${code}); correct the address, or name the authority of its certificate in NODE_EXTRA_CA_CERTS.`,
      { blame: 'user', retry: 'never', at: context.place, cause: error },
    )
  if (status === 401 || status === 403 || code === NO_IDENTITY || isEntraCode(code))
    return make(isSource ? 'SOURCE_DENIED' : 'SINK_DENIED', denied(error, context, action), {
      at: context.place,
    })
  if (status === 404 && /^(?:ContainerNotFound|FilesystemNotFound)$/.test(code))
    return make(isSource ? 'SOURCE_NOT_FOUND' : 'SINK_UNWRITABLE', missingContainer(isSource), {
      at: context.place,
    })
  if (/^Lease/.test(code))
    return isSource
      ? make(unusable, `is leased by another program (${code}); run it again when that is done`, {
          retry: 'later',
        })
      : make('SINK_LOCKED', `is leased by another program (${code}); wait for it to end`, { retry: 'later' })
  if (/^Blob(?:Archived|BeingRehydrated)$/.test(code))
    return make(unusable, 'is in the archive tier; bring it back (rehydrate it) first')
  if (isSource && status === 404)
    return make('SOURCE_CHANGED', 'is gone since it was listed', { retry: 'now' })
  if (isSource && (status === 412 || status === 416))
    return make('SOURCE_CHANGED', 'changed while it was read; nothing of it was committed, run it again', {
      retry: 'now',
    })
  if (!isSource && (status === 413 || status === 507))
    return make('SINK_FULL', `is too large for the service (${code})`)
  const id = error.requestId === undefined ? '' : `; its request id is ${error.requestId}`
  return make(unusable, `the service refuses to ${action.needs} it (${error.message}${id})`)
}

/** Why access is denied, as far as it can be known, and what to do. */
function denied(
  { code, serviceTimeMs }: RequestFailure,
  context: BlobErrorContext,
  { needs }: BlobAction,
): string {
  const { sas, identity } = context
  if (code === NO_IDENTITY)
    return 'no identity was found: sign in with "az login", give a managed or workload identity, AZURE_CLIENT_ID and its companions, a connection string, or a SAS in the address'
  if (isEntraCode(code))
    return `the identity was refused (${code}); its secret, certificate or tenant may be wrong or have expired`
  const nowMs = serviceTimeMs ?? Date.now()
  if (sas?.expiresAt !== undefined && Date.parse(sas.expiresAt) <= nowMs)
    return `the SAS expired at ${sas.expiresAt}; ask for a new one`
  const skewMs = serviceTimeMs === undefined ? 0 : Date.now() - serviceTimeMs
  if (Math.abs(skewMs) > SKEW_MS)
    return `this machine's clock is ${Math.round(Math.abs(skewMs) / 60_000)} minutes ${skewMs > 0 ? 'ahead of' : 'behind'} the service's; set it (${code})`
  if (/SourceIP|NetworkRule|IpAuthorization/i.test(code))
    return `the service does not take requests from this network (${code}); ask for its address to be let in`
  if (code === 'KeyBasedAuthenticationNotPermitted')
    return 'the account allows no keys; use an identity or a user-delegation SAS'
  if (identity === 'sas') {
    const letter = needs[0]
    return sas?.permissions === undefined || sas.permissions.includes(letter)
      ? `the SAS does not allow to ${needs} here (${code}); ask for one that does`
      : `the SAS lacks the permission "${letter}" (${needs}); it has "${lettersOf(sas.permissions)}"`
  }
  if (identity === 'key')
    return `the account key is not accepted (${code}); is it this account's, and not renewed?`
  const role = ROLES[needs] ?? 'Storage Blob Data Contributor'
  return `the identity may not ${needs} here (${code}); it needs the role "${role}", or the network rules of the account keep it out`
}

const lettersOf = (permissions: string): string => permissions.replace(/[^a-z]/g, '').slice(0, 20)

const missingContainer = (isSource: boolean): string =>
  isSource ? 'there is no such container' : 'there is no such container; --create-container makes it'
