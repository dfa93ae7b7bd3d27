import { sharedRun } from '../../config/environment/array-task.js'
import { abandonPlan, finishRun } from '../../pipeline/tasks/join.js'
import { printed } from '../anonymize/anonymize.js'
import { openSharedRun } from '../anonymize/open-run.js'
import { checkTaskConfig, openTask } from '../anonymize/open-task.js'
import type { Terminal } from '../display/terminal.js'
import { EXIT, type ExitCode } from '../exit-codes.js'
import { required } from '../shared-options.js'
import { storeAccess } from '../store-access.js'
import { FINISH, type FinishValues } from './options.js'

/** `sluice finish`. Throws UNITS_MISSING, SINK_LOCKED and what the configuration and the store throw. */
export async function finish(values: FinishValues, terminal: Terminal): Promise<ExitCode> {
  const access = storeAccess(terminal)
  const { signal } = terminal
  if (values.abandon) {
    const output = required(values.output, FINISH.options.output)
    const { sink } = await openSharedRun(output, { state: values.state, runId: runIdOf(values) }, access)
    const isDropped = await abandonPlan({ sink, signal })
    terminal.print(
      isDropped ? 'the unfinished run is dropped' : 'there is no unfinished run of several tasks here',
    )
    return EXIT.delivered
  }
  const checked = await checkTaskConfig(values, access)
  const task = await openTask(values, { checked, access, terminal, onEvent: undefined })
  const report = await finishRun(task)
  if (report !== undefined) return printed(report, task.sink, values, terminal)
  terminal.print('the run has ended: nothing is left to do')
  return EXIT.delivered
}

const runIdOf = ({ runId }: FinishValues): string => runId ?? sharedRun().runId
