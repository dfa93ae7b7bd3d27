import { asText, maybe } from '../../shared-options.js'

/** The options of loading a Bulk Data manifest whose files are on a server. */
export const MANIFEST_OPTIONS = {
  from: maybe(
    '--from <address>',
    'for a manifest whose files need a token: FHIR base address of the server that they are on; the token is sent only to its origin',
    asText,
  ),
  fromAuth: maybe('--from-auth <file>', 'authentication file for --from', asText, { fallbackText: 'none' }),
}
