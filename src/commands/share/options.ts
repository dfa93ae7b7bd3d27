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
  const ends = text.split('-')
  if (ends.length > 2 || !ends.every((end) => isIPv4(end)) || numberOf(ends[0]) > numberOf(ends.at(-1) ?? ''))
    throw new Error('must be an IPv4 address or a range such as 192.0.2.1-192.0.2.9')
  return ends.join('-')
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
  hours: withDefault('--hours <count>', 'how long the link is valid', asCount(1, 8760), 24),
  permissions: withDefault<readonly Permission[]>(
    '--permissions <list>',
    'read, or read,list',
    asPermissions,
    ['read'],
    { fallbackText: 'read' },
  ),
  ip: maybe('--ip <range>', 'only from this IPv4 address, or range with -', asAddressRange, {
    fallbackText: 'from anywhere',
  }),
  start: maybe('--start <time>', 'valid from then on, in UTC: 2026-11-21T08:00Z', asMoment, {
    fallbackText: 'now',
  }),
  verify: flag('--verify', 'verify by real requests that the link does this and nothing else'),
  revocable: flag('--revocable', 'a link that --revoke can end; needs the account key'),
  revoke: maybe('--revoke <name>', 'end the revocable links of this name; make no link', asName),
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
  summary: 'Makes a link (SAS) to an output, for somebody to read it for a while.',
  details:
    'The address is that of an output in a container, or of one file of it. An identity with the right to do so signs a ' +
    'user-delegation SAS, for at most 7 days; otherwise the account key signs. Links are read-only and https only, and ' +
    'printed once, on stdout; stderr says how to use them. A line about each goes to shares.ndjson beside the ' +
    'state, without the signature.\n\n' +
    'In a hierarchical account a folder has one link. In a flat one it has one for each file, and a link that lists ' +
    'shows the whole container: it is refused if that holds anything else.\n\n' +
    'Links of an identity can only be taken back all at once: az storage account revoke-delegation-keys. Those of an ' +
    'account key last until they expire or the key is renewed, unless they are --revocable.',
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
