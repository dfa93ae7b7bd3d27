/** The variables in which a scheduler gives a process its number among many. */
interface TaskVariable {
  readonly scheduler: string
  /** Set for each task. */
  readonly task: string
  /** How many there are, where the scheduler says so: one alone shares nothing. */
  readonly count?: string
  /** The task variable is also set outside an array, without a count. */
  readonly needsCount?: true
  /** What the variable holds outside an array. */
  readonly outside?: string
  /** Names the job that the task belongs to: equal in all its tasks and in their retries. */
  readonly run?: readonly string[]
}

const TASK_VARIABLES: readonly TaskVariable[] = [
  {
    scheduler: 'Slurm',
    task: 'SLURM_ARRAY_TASK_ID',
    count: 'SLURM_ARRAY_TASK_COUNT',
    run: ['SLURM_ARRAY_JOB_ID'],
  },
  {
    scheduler: 'Slurm',
    task: 'SLURM_PROCID',
    count: 'SLURM_STEP_NUM_TASKS',
    needsCount: true,
    run: ['SLURM_JOB_ID'],
  },
  { scheduler: 'Kubernetes', task: 'JOB_COMPLETION_INDEX' },
  { scheduler: 'Azure Batch', task: 'AZ_BATCH_TASK_ID', run: ['AZ_BATCH_JOB_ID'] },
  {
    scheduler: 'AWS Batch',
    task: 'AWS_BATCH_JOB_ARRAY_INDEX',
    count: 'AWS_BATCH_JOB_ARRAY_SIZE',
    run: ['AWS_BATCH_JOB_ID'],
  },
  {
    scheduler: 'AWS Batch',
    task: 'AWS_BATCH_JOB_NODE_INDEX',
    count: 'AWS_BATCH_JOB_NUM_NODES',
    run: ['AWS_BATCH_JOB_ID'],
  },
  { scheduler: 'Google Batch', task: 'BATCH_TASK_INDEX', count: 'BATCH_TASK_COUNT', run: ['BATCH_JOB_UID'] },
  {
    scheduler: 'Cloud Run',
    task: 'CLOUD_RUN_TASK_INDEX',
    count: 'CLOUD_RUN_TASK_COUNT',
    run: ['CLOUD_RUN_EXECUTION'],
  },
  { scheduler: 'Grid Engine', task: 'SGE_TASK_ID', outside: 'undefined', run: ['JOB_ID'] },
  { scheduler: 'PBS', task: 'PBS_ARRAY_INDEX', run: ['PBS_JOBID'] },
  { scheduler: 'Torque', task: 'PBS_ARRAYID', run: ['PBS_JOBID'] },
  { scheduler: 'LSF', task: 'LSB_JOBINDEX', outside: '0', run: ['LSB_JOBID'] },
  { scheduler: 'HTCondor', task: '_CONDOR_PROCNO' },
  { scheduler: 'MPI', task: 'OMPI_COMM_WORLD_RANK', count: 'OMPI_COMM_WORLD_SIZE' },
  { scheduler: 'MPI', task: 'PMI_RANK', count: 'PMI_SIZE' },
  // Its process number comes again, in containers every time: it names no run.
  { scheduler: 'GNU parallel', task: 'PARALLEL_SEQ' },
  { scheduler: 'GitLab CI', task: 'CI_NODE_INDEX', count: 'CI_NODE_TOTAL', run: ['CI_PIPELINE_ID'] },
  {
    scheduler: 'CircleCI',
    task: 'CIRCLE_NODE_INDEX',
    count: 'CIRCLE_NODE_TOTAL',
    run: ['CIRCLE_WORKFLOW_ID'],
  },
  {
    scheduler: 'Buildkite',
    task: 'BUILDKITE_PARALLEL_JOB',
    count: 'BUILDKITE_PARALLEL_JOB_COUNT',
    run: ['BUILDKITE_BUILD_ID'],
  },
]

/** That this process is one task of many that share the work, as its scheduler says. */
export interface ArrayTask {
  readonly scheduler: string
  readonly variable: string
}

/** The array task that this process is; undefined where it works alone, as far as its environment shows. */
export function arrayTask(environment: NodeJS.ProcessEnv = process.env): ArrayTask | undefined {
  const found = variableOf(environment)
  return found && { scheduler: found.scheduler, variable: found.task }
}

/** What a task knows of the run that it shares. */
export interface SharedRun {
  /** Names the run: the same in all tasks of a job and in their retries, another one in another job; or empty. */
  readonly runId: string
  /** The task's number, if it has one. */
  readonly index: number | undefined
}

// AWS Batch has id:index or id#node, PBS 12[3].server, Torque also 12-3.server: a job's tasks differ in that.
const TASK_IN_JOB = /(?:[:#]\d+|\[\d*\]|-\d+(?=\.))/

/** The run that this process is a task of, by `SLUICE_RUN_ID` or by what its scheduler sets. */
export function sharedRun(environment: NodeJS.ProcessEnv = process.env): SharedRun {
  const found = variableOf(environment) ?? jobOf(environment)
  const number = Number(found === undefined ? Number.NaN : environment[found.task])
  const index = Number.isSafeInteger(number) && number >= 0 ? number : undefined
  const given = environment.SLUICE_RUN_ID?.trim()
  if (given !== undefined && given !== '') return { runId: given, index }
  const job = found?.run?.map((name) => environment[name]?.trim()).find((id) => id !== undefined && id !== '')
  if (found === undefined || job === undefined) return { runId: '', index }
  const id = /^(?:AWS|PBS)/.test(found.run?.[0] ?? '') ? job.replace(TASK_IN_JOB, '') : job
  return { runId: `${found.scheduler.toLowerCase().replaceAll(' ', '-')}-${id}`, index }
}

/** A job of one task shares nothing with others, but its retry and tomorrow's job do have to be told apart. */
const jobOf = (environment: NodeJS.ProcessEnv): TaskVariable | undefined =>
  TASK_VARIABLES.find(
    ({ task, run = [] }) =>
      environment[task] !== undefined && run.some((name) => environment[name] !== undefined),
  )

function variableOf(environment: NodeJS.ProcessEnv): TaskVariable | undefined {
  const isSet = ({ task, count, needsCount, outside }: TaskVariable): boolean => {
    const value = environment[task]
    if (value === undefined || value === '' || value === outside) return false
    const total = count === undefined ? undefined : environment[count]?.trim()
    return total === undefined ? needsCount === undefined : total !== '1'
  }
  return TASK_VARIABLES.find(isSet)
}
