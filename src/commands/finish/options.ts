import { TASK_OPTIONS } from '../anonymize/task-options.js'
import { flag, type Values } from '../shared-options.js'

const options = {
  ...TASK_OPTIONS,
  abandon: flag(
    '--abandon',
    'drop an unfinished run instead: outputs that appeared stay, what is half-written is removed; needs only -o',
  ),
}

export type FinishValues = Values<typeof options>

export const FINISH = {
  name: 'finish',
  summary: 'Ends a run of several tasks whose units are all done, or drops it.',
  details:
    'The task that does the last unit ends the run itself. This verb is for those who want that step apart, and for a run ' +
    'whose last task was lost after its last unit. Give it the options of the tasks. Exit code 5: units are not done; start ' +
    'a task with --join to do them.',
  options,
  examples: [
    ['sluice finish -i export/ -o anonymized/ -c config.json', 'a run whose units are done'],
    ['sluice finish -o anonymized/ --abandon', 'drop what is unfinished'],
  ],
} as const
