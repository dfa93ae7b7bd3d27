import { flag, type Values } from '../shared-options.js'
import { JSON_OPTION } from '../verb.js'

const options = {
  sizesOnly: flag('--sizes-only', 'compare names and sizes only; read no file but run.json'),
  json: JSON_OPTION,
}

export type CheckValues = Values<typeof options>

export const CHECK = {
  name: 'check',
  summary:
    'Verifies an output against its run.json: every file is present, no other is, and each SHA-256 matches.',
  details:
    '<output> is the folder or address of an output or a lake. In a lake, each folder with a run.json is checked, and ' +
    'files outside those folders are reported. The check writes nothing and needs neither state nor keys. It reads ' +
    'every file once (from a container, over the network); with --sizes-only it reads run.json only. Exit code 4: the ' +
    'output is not what the run wrote.',
  words: '<output>',
  options,
  examples: [
    ['sluice check anonymized/', 'a folder'],
    [
      'sluice check https://account.blob.core.windows.net/lake/2026-11-21T0100Z-1f0c2a9b',
      'a run in a container',
    ],
    ['sluice check lake/ --json', 'all runs of a lake, as JSON for a machine'],
  ],
} as const
