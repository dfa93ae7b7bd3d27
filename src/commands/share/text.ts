import { revokeAllCommand } from '../../share/links.js'
import { firstTarget } from '../../share/scope.js'
import type { Shared } from '../../share/share.js'
import type { BlobAddress } from '../../storage/azure/blob-address.js'

/** What is said of links, beside the links. */
export interface Told {
  readonly shared: Shared
  readonly address: BlobAddress
  readonly for: string
  readonly isVerified: boolean
  readonly ip: string | undefined
}

const MADE_BY = {
  'user-delegation': 'a user-delegation SAS of your identity',
  'account-key': 'a SAS of the account key',
  'stored-policy': 'a SAS under a stored access policy',
} as const

/** For who shares, on stderr: nothing in it opens anything. */
export function shareText(told: Told): string[] {
  const { shared, address, isVerified, ip } = told
  const { links, expiresAt, startsAt, kind, scope, audit } = shared
  const count = links.length === 1 ? 'a link' : `${links.length} links, one for each file`
  const from = ip === undefined ? '' : `, from ${ip} only`
  return [
    `${count} to ${address.place} for ${told.for}: ${permissionsOf(shared)}, from ${startsAt} until ${expiresAt}${from}`,
    `made as ${MADE_BY[kind]}; not shown again; ${isVerified ? 'proved by real requests' : 'not tried: --verify does'}`,
    ...scope.notes.map((note) => `note: ${note}`),
    `note: ${takingBack(told)}`,
    `audit: ${audit}`,
    'to use it:',
    ...Object.values(commandsOf(shared)).map((command) => `  ${command}`),
  ]
}

/** For machines, on stdout: the links are in it. */
export function shareJson(told: Told): object {
  const { shared, address, isVerified, ip } = told
  const { links, scope, kind, startsAt, expiresAt, identity, policy, audit } = shared
  return {
    for: told.for,
    what: address.place,
    resource: firstTarget(scope).resource,
    fileCount: scope.fileCount,
    permissions: permissionsOf(shared).split(','),
    startsAt,
    expiresAt,
    ip,
    kind,
    identity,
    policy,
    isVerified,
    links: links.map(({ name, url }) => ({ name, url: url.reveal() })),
    commands: commandsOf(shared),
    notes: [...scope.notes, takingBack(told)],
    audit,
  }
}

const permissionsOf = ({ permissions }: Shared): string => permissions.join(',')

function takingBack({ shared, address, for: forName }: Told): string {
  if (shared.kind === 'stored-policy')
    return `it can take 30 seconds to work; sluice share ${address.place} --revoke ${JSON.stringify(forName)} ends it`
  if (shared.kind === 'user-delegation')
    return `it cannot be ended alone; this ends all links of identities to the account, within minutes: ${revokeAllCommand(address)}`
  return 'it cannot be ended before it expires, but by renewing the account key; --revocable makes one that can'
}

/** Commands of a POSIX shell for who gets the link. `LINK` is to hold it, in single quotes. */
function commandsOf({ scope, permissions, listUrl }: Shared): Readonly<Record<string, string>> {
  const isWhole = firstTarget(scope).resource !== 'blob'
  const query = '$' + '{LINK#*\\?}'
  const read = isWhole
    ? `curl -fsS -o NAME "\${LINK%%\\?*}/NAME?${query}"   # NAME: run.json names the files`
    : 'curl -fsS -o NAME "$LINK"'
  return {
    set: "LINK='…'",
    ...(permissions.includes('read') ? { read } : {}),
    ...(listUrl === undefined ? {} : { list: `curl -fsS "${listUrl}&${query}"` }),
  }
}
