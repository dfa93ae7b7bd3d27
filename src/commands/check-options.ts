import { flag, type Values } from './options.js'
import { JSON_OPTION } from './verb.js'

const options = {
  sizesOnly: flag('--sizes-only', 'compare names and sizes only; reads no file but run.json'),
  json: JSON_OPTION,
}

export type CheckValues = Values<typeof options>

export const CHECK = {
  name: 'check',
  summary: 'Proves an output by its run.json: every file is there, no other, each with its SHA-256.',
  details:
    'The place is an output folder or address, or a lake: then each folder with a run.json is checked, and what lies ' +
    'in none of them is reported. Nothing is written, and nothing else is needed: neither state nor keys. All files ' +
    'are read once, from a container over the network; --sizes-only reads only run.json. Exit code 4: the output is ' +
    'not what the run wrote.',
  words: '<output>',
  options,
  examples: [
    ['sluice check anonymized/', 'a folder'],
    [
      'sluice check https://account.blob.core.windows.net/lake/2026-11-21T0100Z-1f0c2a9b',
      'a run in a container',
    ],
    ['sluice check lake/ --json', 'all runs of a lake, for a machine'],
  ],
} as const
