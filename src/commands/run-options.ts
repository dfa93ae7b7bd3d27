import { flag, type Values } from './options.js'
import { JSON_OPTION } from './verb.js'

export const RUN_OPTIONS = {
  daemon: flag('--daemon', 'stay and keep the schedule of the file; without it there is one run, now'),
  now: flag('--now', 'with --daemon: run at the start too'),
  full: flag('--full', 'everything, also where the file says onlyNew'),
  allowEmpty: flag('--allow-empty', 'exit 0 also when a full run brings no resource at all'),
  check: flag('--check', 'only look: settings, secrets, source and sink, and what a run would do'),
  status: flag('--status', 'only tell of the runs so far'),
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
    'a folder of its own. Only one runs at a time; one that was killed or interrupted is gone on with by the next. ' +
    'Secrets are read from the environment, files or Azure Key Vault, never from the file.',
  words: '<pipeline>',
  options: RUN_OPTIONS,
  examples: [
    ['sluice run pipeline.json --check', 'would it work?'],
    ['sluice run pipeline.json', 'once, as cron, a Kubernetes CronJob or Azure Batch start it'],
    ['sluice run pipeline.json --daemon', 'at 01:00 UTC every day, unless the file has another schedule'],
  ],
} as const
