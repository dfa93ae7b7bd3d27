import { ANONYMIZE_OPTIONS } from '../anonymize/options.js'
import type { Values } from '../shared-options.js'

const { state, runId, json } = ANONYMIZE_OPTIONS
const options = { state, runId, json }

export type StatusValues = Values<typeof options>

export const STATUS = {
  name: 'status',
  summary: 'Shows how far a run of several tasks is.',
  details:
    '<output> is the folder or address that the tasks write to. Nothing is locked or changed, and no configuration is ' +
    'needed. A unit whose task was lost counts as held until another task takes it over, after about a minute.',
  words: '<output>',
  options,
  examples: [['sluice status anonymized/', 'units done, held and free']],
} as const
