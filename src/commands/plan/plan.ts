import { planRun, undividable } from '../../pipeline/tasks/join.js'
import { checkTaskConfig, openTask } from '../anonymize/open-task.js'
import type { Terminal } from '../display/terminal.js'
import { EXIT, type ExitCode } from '../exit-codes.js'
import { storeAccess } from '../store-access.js'
import type { PlanValues } from './options.js'
import { planJson, planText } from './plan-text.js'

/** `sluice plan`. Throws what the configuration, the store and the plan throw. */
export async function plan(values: PlanValues, terminal: Terminal): Promise<ExitCode> {
  const access = storeAccess(terminal)
  const checked = await checkTaskConfig(values, access)
  const task = await openTask(values, { checked, access, terminal, onEvent: undefined })
  const { plan: header, isNew } = await planRun(task)
  const facts = {
    header,
    isNew,
    whole: await undividable(task.sink, header),
    isRemote: task.sink.isRemote === true,
  }
  if (values.json) terminal.print(JSON.stringify(planJson(facts)))
  else for (const line of planText(facts)) terminal.print(line)
  return EXIT.delivered
}
