import { hostname, userInfo } from 'node:os'
import { checkShared } from '../../check/shared.js'
import { sluiceError } from '../../errors.js'
import { present } from '../../invariant.js'
import { openShare } from '../../share/open.js'
import { revoke, type Shared, type SharePlace, share as shareAt } from '../../share/share.js'
import type { StoreAccess } from '../../storage/access.js'
import type { Terminal } from '../display/terminal.js'
import { EXIT, type ExitCode } from '../exit-codes.js'
import { longFlag, required, usage } from '../shared-options.js'
import { storeAccess } from '../store-access.js'
import { SHARE, type ShareValues } from './options.js'
import { shareJson, shareText } from './text.js'

/** `sluice share`. Throws what the address, the credentials and the store throw. */
export async function share(
  values: ShareValues,
  terminal: Terminal,
  [address = '']: readonly string[],
): Promise<ExitCode> {
  const by = whoRunsThis()
  const access = storeAccess(terminal)
  if (values.revoke !== undefined) {
    refuseWithRevoke(values)
    return revoked(
      await openShare(address, access, values.state),
      { for: values.revoke, by },
      values,
      terminal,
    )
  }
  const forName = required(values.for, SHARE.options.for)
  if (values.verify && (values.start ?? 0) > Date.now())
    throw usage(
      'a link that is valid only later cannot be tried now: --start and --verify exclude each other',
    )
  if (values.start !== undefined && values.start + values.hours * 3_600_000 <= Date.now())
    throw usage('the link would have expired already: --start and --hours end in the past')
  const place = await openShare(address, access, values.state)
  const shared = await shareAt(place, {
    for: forName,
    by,
    permissions: values.permissions,
    hours: values.hours,
    startMs: values.start,
    ip: values.ip,
    isRevocable: values.revocable,
    isVerified: values.verify,
    isForced: values.force,
    prove: values.force ? undefined : () => prove(address, access, values),
  })
  printed(shared, place, { forName, values }, terminal)
  return EXIT.delivered
}

/** Throws SINK_CONFLICT for what is not as its run wrote it: it must not be handed out. */
async function prove(address: string, access: StoreAccess, { sizesOnly }: ShareValues): Promise<void> {
  const { problems, isProven, place } = await checkShared(address, access, { isSizesOnly: sizesOnly })
  if (isProven) return
  const { code, file, message } = present(problems[0], 'the problem of an output that is not proven')
  const others = problems.length === 1 ? '' : ` and ${problems.length - 1} more problems`
  throw sluiceError('SINK_CONFLICT', {
    at: place,
    message: `${file}: ${code}: ${message}${others}`,
    help: 'sluice check shows all; write it again, or share it anyway with --force',
  })
}

const NOT_WITH_REVOKE = ['for', 'ip', 'start', 'verify', 'revocable', 'force', 'sizesOnly'] as const

function refuseWithRevoke(values: ShareValues): void {
  for (const name of NOT_WITH_REVOKE)
    if (values[name] !== undefined && values[name] !== false)
      throw usage(`--revoke only revokes links; ${longFlag(SHARE.options[name])} is for making one`)
}

async function revoked(
  place: SharePlace,
  who: { readonly for: string; readonly by: string },
  { json }: ShareValues,
  terminal: Terminal,
): Promise<ExitCode> {
  const policies = await revoke(place, who)
  if (policies.length === 0)
    throw usage(
      `${place.address.place} has no revocable link for that name; links made without --revocable cannot be revoked one by one`,
    )
  if (json) terminal.print(JSON.stringify({ for: who.for, what: place.address.place, revoked: policies }))
  else terminal.print(`revoked: ${policies.join(', ')}; it takes up to 30 seconds to take effect`)
  return EXIT.delivered
}

function printed(
  shared: Shared,
  place: SharePlace,
  { forName, values }: { readonly forName: string; readonly values: ShareValues },
  terminal: Terminal,
): void {
  const told = { shared, address: place.address, for: forName, isVerified: values.verify, ip: values.ip }
  if (values.json) {
    terminal.print(JSON.stringify(shareJson(told)))
    return
  }
  for (const { url } of shared.links) terminal.print(url.reveal())
  for (const line of shareText(told)) terminal.warn(line)
}

/** As the machine knows them: some containers know a number only. */
function whoRunsThis(): string {
  try {
    return `${userInfo().username}@${hostname()}`
  } catch {
    return hostname()
  }
}
