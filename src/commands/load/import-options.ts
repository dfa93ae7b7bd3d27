import { asChoice, asCount, asText, flag, maybe, withDefault } from '../shared-options.js'

const MINUTES_OF_YEAR = 365 * 24 * 60

/** The options of `sluice load --via import`. */
export const IMPORT_OPTIONS = {
  via: withDefault(
    '--via <way>',
    "bundles: send Bundles; import: stage files for the server's $import to load, for large amounts",
    asChoice('bundles', 'import'),
    'bundles',
  ),
  stage: maybe(
    '--stage <place>',
    'where to stage files for $import: a container that the server can read, or any folder with --serve-at',
    asText,
    { fallbackText: 'required with --via import' },
  ),
  serveAt: maybe(
    '--serve-at <host:port>',
    'for HAPI, which fetches the files: serve them at this address while the import runs; port 0 picks a free port',
    asHostAndPort,
  ),
  importMode: maybe(
    '--import-mode <mode>',
    "for Azure: incremental, or initial, which is faster and needs the server's InitialImportMode",
    asChoice('incremental', 'initial'),
    { fallbackText: 'incremental' },
  ),
  eventualConsistency: flag(
    '--eventual-consistency',
    'for Azure: import faster; imported resources become searchable later',
  ),
  negativeVersions: flag(
    '--negative-versions',
    'for Azure, with --keep-versions: give negative numbers to versions older than those on the server',
  ),
  keepStaged: flag('--keep-staged', 'keep the staged files after every line is settled'),
  cancelImport: flag('--cancel-import', 'cancel the unfinished import, remove its staged files, and exit'),
  pollInterval: withDefault(
    '--poll-interval <seconds>',
    'how long to wait between polls of an import if the server does not say',
    asCount(1, 3600),
    30,
  ),
  pollLimit: withDefault(
    '--poll-limit <minutes>',
    'how long to wait for an import, before exiting with 5; run again to continue waiting',
    asCount(1, MINUTES_OF_YEAR),
    7 * 24 * 60,
  ),
}

export interface HostAndPort {
  readonly host: string
  readonly port: number
}

/** `127.0.0.1:8090`, `[::1]:0`, `loader.internal:8090`. */
function asHostAndPort(text: string): HostAndPort {
  const [, ipv6, name, digits = ''] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+)):(\d{1,5})$/i.exec(text) ?? []
  const host = ipv6 ?? name
  const port = Number(digits)
  if (host === undefined || port > 65_535)
    throw new Error('must be a host and a port, such as 127.0.0.1:8090')
  return { host, port }
}
