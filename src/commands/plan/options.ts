import { TASK_OPTIONS, type TaskValues } from '../anonymize/task-options.js'

export type PlanValues = TaskValues

export const PLAN = {
  name: 'plan',
  summary: 'Writes the plan of a run that several tasks share, and says how large it is.',
  details:
    'The first task with --join writes the plan itself; this verb does it apart, and shows the units, what cannot be ' +
    'divided and how many processors help. Give it the options that the tasks get. A plan that exists is shown. Then start ' +
    'tasks with `sluice anonymize … --join`; the one that finishes the last unit ends the run.',
  options: TASK_OPTIONS,
  examples: [
    ['sluice plan -i export/ -o anonymized/ -c config.json --run-id 2026-12-01', 'units of a run to come'],
  ],
} as const
