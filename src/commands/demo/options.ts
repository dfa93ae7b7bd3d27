import { asByteCount, asCount, asText, type Values, withDefault } from '../shared-options.js'

const options = {
  output: withDefault('-o, --output <folder>', 'where the files go', asText, 'sluice-demo'),
  bytes: withDefault('--bytes <size>', 'how much data to make', asByteCount('100kB'), 24e6, {
    fallbackText: '24MB',
  }),
  seed: withDefault('--seed <number>', 'other patients for another number', asCount(0, 2 ** 31), 1),
}

export type DemoValues = Values<typeof options>

export const DEMO = {
  name: 'demo',
  summary:
    'Makes synthetic patients, serves them as a FHIR server would, runs the whole pipeline into a lake, shows what became of them.',
  options,
  examples: [
    ['sluice demo', 'into the folder sluice-demo'],
    ['sluice demo --bytes 1GB --seed 2', 'more, and other patients'],
  ],
} as const
