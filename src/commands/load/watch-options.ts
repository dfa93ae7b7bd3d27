import { asCount, asText, flag, maybe, withDefault } from '../shared-options.js'

const DAY_SECONDS = 86_400

/** The options of `sluice load --watch`. */
export const WATCH_OPTIONS = {
  watch: flag(
    '--watch',
    'keep running and load files as they arrive in the sources, in order of arrival, until interrupted',
  ),
  every: withDefault('--every <seconds>', 'with --watch: time between checks', asCount(1, DAY_SECONDS), 30),
  settle: withDefault(
    '--settle <seconds>',
    'with --watch: how long a file must stay unchanged before it is loaded',
    asCount(0, DAY_SECONDS),
    10,
  ),
  move: flag(
    '--move',
    "with --watch: move finished files to <source>processed or <source>err, FHIR Loader's names; otherwise files stay in place",
  ),
  processed: maybe(
    '--processed <place>',
    'with --watch: where to move files that were loaded completely',
    asText,
    {
      fallbackText: '<source>processed with --move',
    },
  ),
  failed: maybe('--failed <place>', 'with --watch: where to move all other files', asText, {
    fallbackText: '<source>err with --move',
  }),
}
