import { readProxies } from '../config/environment/proxy-settings.js'
import { readServerAuth } from '../config/fhir-client/server-auth.js'
import type { ConnectOptions } from '../fhir-client/connect.js'
import type { StoreAccess } from '../storage/access.js'
import { keyVaultReader } from './key-vault-reader.js'
import { asCount, asText, many, maybe, type Values, withDefault } from './shared-options.js'

const DAY_SECONDS = 86_400

/** The options of verbs that talk to a FHIR server. */
export const SERVER_OPTIONS = {
  auth: maybe('--auth <file>', 'authentication file; docs/export.md has examples', asText, {
    fallbackText: 'none',
  }),
  trustOrigin: many('--trust-origin <origin>', "another origin that may receive the server's token", asText),
  silence: withDefault(
    '--silence <seconds>',
    'how long a connection may be idle before it counts as lost',
    asCount(1, DAY_SECONDS),
    60,
  ),
  outageLimit: withDefault(
    '--outage-limit <minutes>',
    'how long to retry while the server fails, before exiting with 5; run again to resume',
    asCount(1, 365 * 24 * 60),
    30,
  ),
}

/** Returns what these options set for the client of the server. Throws CONFIG_INVALID, KEY_MISSING and what the key vault throws. */
export async function connectionOf(
  { auth, trustOrigin, silence, outageLimit }: Values<typeof SERVER_OPTIONS>,
  { retry }: StoreAccess,
) {
  return {
    auth: auth === undefined ? undefined : await readServerAuth(auth, keyVaultReader(retry)),
    proxies: readProxies(),
    trustedOrigins: trustOrigin,
    silenceMs: silence * 1000,
    outageLimitMs: outageLimit * 60_000,
  } satisfies Omit<ConnectOptions, 'base'>
}
