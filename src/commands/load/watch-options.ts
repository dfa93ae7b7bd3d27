import { asCount, asText, flag, maybe, withDefault } from '../shared-options.js'

const DAY_SECONDS = 86_400

/** The options of `sluice load --watch`. */
export const WATCH_OPTIONS = {
  watch: flag('--watch', 'stay, and load what arrives in the sources, in order of arrival, until a signal'),
  every: withDefault(
    '--every <seconds>',
    'with --watch: time between two looks',
    asCount(1, DAY_SECONDS),
    30,
  ),
  settle: withDefault(
    '--settle <seconds>',
    'with --watch: how long a file must stay unchanged before it is loaded',
    asCount(0, DAY_SECONDS),
    10,
  ),
  move: flag(
    '--move',
    "with --watch: move what is done to <source>processed or <source>err, FHIR Loader's names; otherwise files stay",
  ),
  processed: maybe(
    '--processed <place>',
    'with --watch: where files go of which everything is loaded',
    asText,
    {
      fallbackText: '<source>processed with --move',
    },
  ),
  failed: maybe('--failed <place>', 'with --watch: where all other files go', asText, {
    fallbackText: '<source>err with --move',
  }),
}
