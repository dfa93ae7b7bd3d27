import { type CheckedConfig, checkConfig } from '../../config/anonymizer/configuration.js'
import { planOf } from '../../config/anonymizer/plan.js'
import { type SharedRun, sharedRun } from '../../config/environment/array-task.js'
import { joinRunFolder, layoutFingerprint } from '../../pipeline/layout.js'
import type { RunOptions } from '../../pipeline/options.js'
import type { JoinOptions } from '../../pipeline/tasks/task.js'
import type { StoreAccess } from '../../storage/access.js'
import { isLocal, openLake, openSource } from '../../storage/open.js'
import type { Terminal } from '../display/terminal.js'
import { required, usage } from '../shared-options.js'
import { readConfigAt } from '../store-access.js'
import { readItems } from './items-from.js'
import { TASK_OPTIONS, type TaskValues } from './task-options.js'

/** The configuration of a run that tasks share. Throws USAGE, CONFIG_INVALID. */
export async function checkTaskConfig(
  values: Omit<TaskValues, 'json' | 'verbose'>,
  access: StoreAccess,
): Promise<CheckedConfig> {
  const { raw, baseFolder } = await readConfigAt(required(values.config, TASK_OPTIONS.config), access)
  return checkConfig(raw, {
    fhirVersion: values.fhirVersion,
    baseFolder,
    allowRandomKeys: values.allowRandomKeys,
    allowWeakKeys: values.allowWeakKeys,
    isShared: true,
    warnsOfWeakKeys: true,
    validateInput: values.validateInput,
    validateOutput: values.validateOutput,
  })
}

export interface TaskParts {
  readonly checked: CheckedConfig
  readonly access: StoreAccess
  readonly terminal: Terminal
  readonly onEvent: RunOptions['onEvent']
}

/** Opens the stores of a run that tasks share, in the folder of the run. Throws USAGE, PLAN_DIFFERS and what stores throw. */
export async function openTask(
  values: Omit<TaskValues, 'json' | 'verbose'>,
  { checked, access, terminal, onEvent }: TaskParts,
): Promise<JoinOptions & SharedRun> {
  const input = required(values.input, TASK_OPTIONS.input)
  const output = required(values.output, TASK_OPTIONS.output)
  if (input === '-' || output === '-') throw usage('tasks share files, not stdin')
  const { createContainer, state, quarantineContent, maxQuarantined, overwrite, rangeBytes } = values
  const { gzip, zstd } = values
  const { runId: given, index } = sharedRun()
  const runId = values.runId ?? given
  const plan = planOf(checked, values.asOf)
  const source = await readItems(await openSource(input, access), values, terminal)
  const lake = await openLake(output, access, { isToBeCreated: createContainer, state })
  const layout = values.layout ?? (isLocal(output) ? 'none' : 'dated')
  if (layout !== 'none' && runId === '')
    throw usage('give --run-id, by which the tasks find the folder of their run, or --layout none')
  const { sink } = await joinRunFolder(lake, {
    layout,
    fingerprint: layoutFingerprint(source.place, {
      plan,
      quarantineContent,
      gzip,
      zstd,
      splitBytes: rangeBytes,
    }),
    runId,
    signal: terminal.signal,
    onEvent,
  })
  return {
    plan,
    source,
    sink,
    runId,
    index,
    taskIndex: index,
    rangeBytes,
    workers: values.workers,
    memoryBudgetBytes: values.memoryBudget,
    maxLineBytes: values.maxLineBytes,
    gzip,
    zstd,
    quarantineContent,
    maxQuarantined,
    overwrite,
    prune: values.prune,
    allowEmpty: values.allowEmpty,
    skipExisting: values.skip,
    signal: terminal.signal,
    onEvent,
  }
}
