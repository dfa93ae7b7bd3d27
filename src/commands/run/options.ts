import { ANONYMIZE_OPTIONS } from '../anonymize/options.js'
import { flag, type Values } from '../shared-options.js'
import { JSON_OPTION } from '../verb.js'

const { join, runId, shard, rangeBytes } = ANONYMIZE_OPTIONS

export const RUN_OPTIONS = {
  daemon: flag('--daemon', 'keep running and follow the schedule in the file (default: run once, now)'),
  now: flag('--now', 'with --daemon: also run immediately'),
  full: flag('--full', 'export everything, even if the file sets onlyNew'),
  allowEmpty: flag('--allow-empty', 'exit with 0 even if a full run delivers no resources'),
  check: flag('--check', 'check settings, secrets, source and sink, say what a run would do, and exit'),
  status: flag('--status', 'list past runs and exit'),
  join,
  runId,
  shard,
  rangeBytes,
  verbose: flag('-v, --verbose', 'log more events on stderr'),
  json: JSON_OPTION,
}

export type RunValues = Values<typeof RUN_OPTIONS>

export const RUN = {
  name: 'run',
  summary:
    'Runs a whole pipeline from one file: export or read, anonymize, deliver, report. Once, or on a schedule.',
  details:
    'The file says where the data comes from, how it is anonymized and where it goes; see docs/run.md. Each run writes ' +
    'to a folder of its own. Only one run is active at a time, and the next one resumes a run that was killed or ' +
    'interrupted. Secrets are read from environment variables, files or Azure Key Vault, never from the file.\n\n' +
    'With --join, any number of tasks share a run whose source is a folder or a container. The task that ends the run ' +
    'records it, removes old outputs and notifies; a task with nothing left to do ends with 0.',
  words: '<pipeline>',
  options: RUN_OPTIONS,
  examples: [
    ['sluice run pipeline.json --check', 'checks the pipeline without running it'],
    ['sluice run pipeline.json', 'runs once, for cron, a Kubernetes CronJob or Azure Batch'],
    [
      'sluice run pipeline.json --daemon',
      'runs at 01:00 UTC every day, unless the file sets another schedule',
    ],
    [
      'sluice run pipeline.json --join --run-id 2026-12-01',
      'one task of a run: start it on every machine that sees the source and the lake',
    ],
  ],
} as const
