import {
  type ErrorCode,
  type ErrorFacts,
  isSluiceError,
  type SluiceError,
  sluiceError,
} from '../../errors.js'
import { isTlsCode, RequestFailure } from '../../http/request-failure.js'
import type { SasFacts } from './sas-facts.js'

/** Use of a container, which decides between SOURCE_* and SINK_*. */
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
  const make = (errorCode: ErrorCode, facts: ErrorFacts): SluiceError =>
    sluiceError(errorCode, { at: action.at, ...facts, cause: error })
  const unusable = isSource ? 'SOURCE_UNUSABLE' : 'SINK_UNUSABLE'

  if (isTlsCode(code))
    return make('CONNECTION_UNTRUSTED', {
      at: context.place,
      message: `the connection to the service cannot be trusted (${code})`,
    })
  if (status === 401 || status === 403 || code === NO_IDENTITY || isEntraCode(code))
    return make(isSource ? 'SOURCE_DENIED' : 'SINK_DENIED', {
      at: context.place,
      ...denied(error, context, action),
    })
  if (status === 404 && /^(?:ContainerNotFound|FilesystemNotFound)$/.test(code))
    return make(isSource ? 'SOURCE_NOT_FOUND' : 'SINK_UNUSABLE', {
      at: context.place,
      message: 'there is no such container',
      help: isSource ? undefined : 'make it with --create-container',
    })
  if (/^Lease/.test(code))
    return make(isSource ? 'SOURCE_UNREADABLE' : 'SINK_LOCKED', {
      message: `is leased by another program (${code})`,
      help: 'wait for it to end and run it again',
    })
  if (/^Blob(?:Archived|BeingRehydrated)$/.test(code))
    return make(unusable, { message: 'is in the archive tier', help: 'rehydrate it first' })
  if (isSource && status === 404) return make('SOURCE_CHANGED', { message: 'is gone since it was listed' })
  if (isSource && (status === 412 || status === 416))
    return make('SOURCE_CHANGED', { message: 'changed while it was read; nothing of it was committed' })
  if (!isSource && status === 413)
    return make('OUTPUT_TOO_LARGE', { message: `is too large for the service (${code})` })
  if (!isSource && status === 507)
    return make('SINK_FULL', { message: `the service has no room left (${code})` })
  const id = error.requestId === undefined ? '' : `; its request id is ${error.requestId}`
  return make(unusable, {
    message: `the service refuses to ${action.needs} it (${error.message}${id})`,
    help: 'look up the code in the documentation of Azure Storage',
  })
}

/** Why access is denied, as far as it can be known, and what to do. */
function denied(
  { code, serviceTimeMs }: RequestFailure,
  context: BlobErrorContext,
  { needs }: BlobAction,
): ErrorFacts {
  const { sas, identity } = context
  if (code === NO_IDENTITY)
    return {
      message: 'no identity was found',
      help: 'sign in with "az login", give a managed or workload identity, the variables AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET, a connection string, or a SAS in the address',
    }
  if (isEntraCode(code))
    return {
      message: `the identity was refused (${code})`,
      help: 'check its secret, certificate and tenant, which may be wrong or have expired',
    }
  const nowMs = serviceTimeMs ?? Date.now()
  if (sas?.expiresAt !== undefined && Date.parse(sas.expiresAt) <= nowMs)
    return { message: `the SAS expired at ${sas.expiresAt}`, help: 'ask for a new one' }
  const skewMs = serviceTimeMs === undefined ? 0 : Date.now() - serviceTimeMs
  if (Math.abs(skewMs) > SKEW_MS)
    return {
      message: `this machine's clock is ${Math.round(Math.abs(skewMs) / 60_000)} minutes ${skewMs > 0 ? 'ahead of' : 'behind'} the service's (${code})`,
      help: 'set the clock',
    }
  if (/SourceIP|NetworkRule|IpAuthorization/i.test(code))
    return {
      message: `the service does not accept requests from this network (${code})`,
      help: 'ask for its address to be allowed',
    }
  if (code === 'KeyBasedAuthenticationNotPermitted')
    return { message: 'the account allows no keys', help: 'use an identity or a user-delegation SAS' }
  if (identity === 'sas') {
    const letter = needs.charAt(0)
    const permissions = sas?.permissions
    return permissions === undefined || permissions.includes(letter)
      ? { message: `the SAS does not allow to ${needs} here (${code})`, help: 'ask for one that does' }
      : {
          message: `the SAS lacks the permission "${letter}" (${needs}); it has "${lettersOf(permissions)}"`,
          help: 'ask for one that has it',
        }
  }
  if (identity === 'key')
    return {
      message: `the account key is not accepted (${code})`,
      help: 'check that it belongs to this account and has not been renewed',
    }
  const role = ROLES[needs] ?? 'Storage Blob Data Contributor'
  return {
    message: `the identity may not ${needs} here (${code})`,
    help: `give it the role "${role}", or have the network rules of the account let it in`,
  }
}

const lettersOf = (permissions: string): string => permissions.replace(/[^a-z]/g, '').slice(0, 20)
