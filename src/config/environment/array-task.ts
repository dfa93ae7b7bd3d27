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
}

const TASK_VARIABLES: readonly TaskVariable[] = [
  { scheduler: 'Slurm', task: 'SLURM_ARRAY_TASK_ID', count: 'SLURM_ARRAY_TASK_COUNT' },
  { scheduler: 'Slurm', task: 'SLURM_PROCID', count: 'SLURM_STEP_NUM_TASKS', needsCount: true },
  { scheduler: 'Kubernetes', task: 'JOB_COMPLETION_INDEX' },
  { scheduler: 'Azure Batch', task: 'AZ_BATCH_TASK_ID' },
  { scheduler: 'AWS Batch', task: 'AWS_BATCH_JOB_ARRAY_INDEX', count: 'AWS_BATCH_JOB_ARRAY_SIZE' },
  { scheduler: 'AWS Batch', task: 'AWS_BATCH_JOB_NODE_INDEX', count: 'AWS_BATCH_JOB_NUM_NODES' },
  { scheduler: 'Google Batch', task: 'BATCH_TASK_INDEX', count: 'BATCH_TASK_COUNT' },
  { scheduler: 'Cloud Run', task: 'CLOUD_RUN_TASK_INDEX', count: 'CLOUD_RUN_TASK_COUNT' },
  { scheduler: 'Grid Engine', task: 'SGE_TASK_ID', outside: 'undefined' },
  { scheduler: 'PBS', task: 'PBS_ARRAY_INDEX' },
  { scheduler: 'Torque', task: 'PBS_ARRAYID' },
  { scheduler: 'LSF', task: 'LSB_JOBINDEX', outside: '0' },
  { scheduler: 'HTCondor', task: '_CONDOR_PROCNO' },
  { scheduler: 'MPI', task: 'OMPI_COMM_WORLD_RANK', count: 'OMPI_COMM_WORLD_SIZE' },
  { scheduler: 'MPI', task: 'PMI_RANK', count: 'PMI_SIZE' },
  { scheduler: 'GNU parallel', task: 'PARALLEL_SEQ' },
  { scheduler: 'GitLab CI', task: 'CI_NODE_INDEX', count: 'CI_NODE_TOTAL' },
  { scheduler: 'CircleCI', task: 'CIRCLE_NODE_INDEX', count: 'CIRCLE_NODE_TOTAL' },
  { scheduler: 'Buildkite', task: 'BUILDKITE_PARALLEL_JOB', count: 'BUILDKITE_PARALLEL_JOB_COUNT' },
]

/** That this process is one task of many that share the work, as its scheduler says. */
export interface ArrayTask {
  readonly scheduler: string
  readonly variable: string
}

/** The array task that this process is; undefined where it works alone, as far as its environment shows. */
export function arrayTask(environment: NodeJS.ProcessEnv = process.env): ArrayTask | undefined {
  const isSet = ({ task, count, needsCount, outside }: TaskVariable): boolean => {
    const value = environment[task]
    if (value === undefined || value === '' || value === outside) return false
    const total = count === undefined ? undefined : environment[count]?.trim()
    return total === undefined ? needsCount === undefined : total !== '1'
  }
  const found = TASK_VARIABLES.find(isSet)
  return found && { scheduler: found.scheduler, variable: found.task }
}
