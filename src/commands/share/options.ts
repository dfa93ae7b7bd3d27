import { isIPv4 } from 'node:net'
import { parseMoment } from '../../config/units/moments.js'
import { asCount, asText, flag, maybe, type Values, withDefault } from '../shared-options.js'
import { JSON_OPTION } from '../verb.js'

const PERMISSIONS = ['read', 'list'] as const
type Permission = (typeof PERMISSIONS)[number]

const asName = (text: string): string => {
  const name = text.trim()
  if (name === '' || name.length > 100 || /\p{Cc}/u.test(name))
    throw new Error('must be a name of 1 to 100 characters on one line')
  return name
}

const asPermissions = (text: string): readonly Permission[] => {
  const words = text
    .toLowerCase()
    .split(',')
    .map((word) => word.trim())
  if (words.length > 2 || !words.every((word) => PERMISSIONS.some((permission) => permission === word)))
    throw new Error('must be read, or read,list; links never write')
  return PERMISSIONS.filter((permission) => words.includes(permission))
}

const asAddressRange = (text: string): string => {
  const [from = '', to = from, ...others] = text.split('-')
  if (others.length > 0 || !isIPv4(from) || !isIPv4(to) || numberOf(from) > numberOf(to))
    throw new Error('must be an IPv4 address or a range such as 192.0.2.1-192.0.2.9')
  return text
}

const numberOf = (address: string): number =>
  address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)

const asMoment = (text: string): number => {
  const ms = parseMoment(text)
  if (ms === undefined) throw new Error('must be a time in UTC, such as 2026-11-21T08:00Z')
  return ms
}

const options = {
  for: maybe('--for <name>', 'recipient, recorded in the audit log', asName),
  hours: withDefault('--hours <count>', 'how many hours the link is valid', asCount(1, 8760), 24),
  permissions: withDefault<readonly Permission[]>(
    '--permissions <list>',
    'read or read,list',
    asPermissions,
    ['read'],
    { fallbackText: 'read' },
  ),
  ip: maybe(
    '--ip <range>',
    'restrict the link to this IPv4 address or range (192.0.2.1-192.0.2.9)',
    asAddressRange,
    {
      fallbackText: 'any address',
    },
  ),
  start: maybe('--start <time>', 'start of validity, in UTC: 2026-11-21T08:00Z', asMoment, {
    fallbackText: 'now',
  }),
  verify: flag('--verify', 'test with real requests that the link grants this access and no more'),
  revocable: flag('--revocable', 'make a link that --revoke can revoke; needs the account key'),
  revoke: maybe('--revoke <name>', 'revoke the revocable links of this recipient and exit', asName),
  sizesOnly: flag(
    '--sizes-only',
    'check names and sizes only before sharing; by default all files are read once for their digests',
  ),
  force: flag(
    '--force',
    'share without the check: also an output that is incomplete, changed, or not made by Sluice',
  ),
  state: maybe('--state <address>', 'where the audit log is kept', asText, {
    fallbackText: 'the container <container>-sluice',
  }),
  json: JSON_OPTION,
}

export type ShareValues = Values<typeof options>

export const SHARE = {
  name: 'share',
  summary: 'Creates a link (SAS) that lets a recipient read an output for a limited time.',
  details:
    'The address names an output in a container, or one file of it. An identity with the necessary role signs a ' +
    'user-delegation SAS, valid for at most 7 days; otherwise the account key signs. Links are read-only, work only ' +
    'over https, and are printed once, on stdout; stderr says how to use them. Each link is recorded in shares.ndjson ' +
    'beside the state, without its signature.\n\n' +
    'In an account with a hierarchical namespace, a folder has one link. In a flat account, each file has its own, and ' +
    'a link with list permission shows the whole container, so it is refused if the container holds anything else.\n\n' +
    'Links signed by an identity can only be revoked all at once: az storage account revoke-delegation-keys. Links ' +
    'signed by an account key last until they expire or the key is rotated, unless they were made with --revocable.',
  words: '<address>',
  options,
  examples: [
    [
      'sluice share https://account.blob.core.windows.net/lake/2026-11-21T0100Z-1f0c2a9b --for "Dr. Grey" --hours 24 --verify',
      'a folder, to read',
    ],
    ['sluice share azurite://anonymized --for study-7 --permissions read,list', 'a container, to browse'],
    ['sluice share azurite://anonymized --revoke study-7', 'ends the revocable links of that name'],
  ],
} as const
