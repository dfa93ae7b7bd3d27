import type { RunOptions } from '../options.js'
import type { ContextParts } from '../shared-resources.js'

/** Options of a task: a process that shares a run with others. */
export interface JoinOptions extends RunOptions {
  /** Tells runs of one output apart; empty if nobody gave it a name. */
  readonly runId: string
  /** Take only every `count`th unit, beginning with number `index`. */
  readonly shard?: { readonly index: number; readonly count: number } | undefined
  /** Source bytes of a range; a multiple of the chunk size; default 1 GiB. */
  readonly rangeBytes?: number | undefined
  /** Number of this task, where its engine gives one: tasks begin at different units. */
  readonly taskIndex?: number | undefined
  /** Called at each named point, where fault tests kill the process. */
  readonly taskFaultPoint?: ((point: TaskFaultPoint) => void) | undefined
}

/** What is needed to drop a plan. */
export type Abandoned = Pick<JoinOptions, 'sink' | 'signal' | 'onEvent'>

export const TASK_FAULT_POINTS = [
  'before-pages',
  'before-plan',
  'after-plan',
  'after-claim',
  'before-unit-done',
  'after-unit-done',
  'before-finish',
  'before-records',
  'after-records',
  'before-ended',
  'after-ended',
  'after-clear',
] as const
export type TaskFaultPoint = (typeof TASK_FAULT_POINTS)[number]

/** A task at work. */
export interface Task {
  readonly options: JoinOptions
  readonly parts: Omit<ContextParts, 'records'>
  readonly faultPoint: (point: TaskFaultPoint) => void
}
