import { flag, type Values } from '../shared-options.js'
import { JSON_OPTION } from '../verb.js'

export const RUN_OPTIONS = {
  daemon: flag('--daemon', 'keep running and follow the schedule of the file; without it, run once, now'),
  now: flag('--now', 'with --daemon: also run at once'),
  full: flag('--full', 'take everything, even if the file says onlyNew'),
  allowEmpty: flag('--allow-empty', 'exit 0 even if a full run delivers no resources'),
  check: flag('--check', 'only check settings, secrets, source and sink, and say what a run would do'),
  status: flag('--status', 'list past runs and exit'),
  verbose: flag('-v, --verbose', 'more events on stderr'),
  json: JSON_OPTION,
}

export type RunValues = Values<typeof RUN_OPTIONS>

export const RUN = {
  name: 'run',
  summary:
    'Runs a whole pipeline from one file: export or read, anonymize, deliver, report; once or every night.',
  details:
    'The file says where the data comes from, how it is anonymized and where it goes: see docs/run.md. Each run has ' +
    'a folder of its own. Only one runs at a time; the next one resumes a run that was killed or interrupted. ' +
    'Secrets are read from the environment, files or Azure Key Vault, never from the file.',
  words: '<pipeline>',
  options: RUN_OPTIONS,
  examples: [
    ['sluice run pipeline.json --check', 'checks without a run'],
    ['sluice run pipeline.json', 'once, as cron, a Kubernetes CronJob or Azure Batch start it'],
    ['sluice run pipeline.json --daemon', 'at 01:00 UTC every day, unless the file has another schedule'],
  ],
} as const
