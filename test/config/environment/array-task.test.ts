import t from 'tap'
import { checkConfig, judgeConfig } from '../../../src/config/anonymizer/configuration.js'
import { arrayTask } from '../../../src/config/environment/array-task.js'
import { createAnonymizer } from '../../../src/index.js'

const TASKS: readonly Readonly<Record<string, string>>[] = [
  { SLURM_ARRAY_TASK_ID: '0' },
  { SLURM_ARRAY_TASK_ID: '3', SLURM_ARRAY_TASK_COUNT: '4' },
  { SLURM_PROCID: '0', SLURM_STEP_NUM_TASKS: '8' },
  { JOB_COMPLETION_INDEX: '0' },
  { AZ_BATCH_TASK_ID: 'task-1' },
  { AWS_BATCH_JOB_ARRAY_INDEX: '2' },
  { AWS_BATCH_JOB_NODE_INDEX: '1', AWS_BATCH_JOB_NUM_NODES: '2' },
  { BATCH_TASK_INDEX: '0', BATCH_TASK_COUNT: '2' },
  { CLOUD_RUN_TASK_INDEX: '0', CLOUD_RUN_TASK_COUNT: '10' },
  { SGE_TASK_ID: '1' },
  { PBS_ARRAY_INDEX: '1' },
  { PBS_ARRAYID: '1' },
  { LSB_JOBINDEX: '1' },
  { OMPI_COMM_WORLD_RANK: '0', OMPI_COMM_WORLD_SIZE: '2' },
  { PARALLEL_SEQ: '1' },
  { CI_NODE_INDEX: '1', CI_NODE_TOTAL: '3' },
]

const ALONE: readonly Readonly<Record<string, string>>[] = [
  {},
  { SLURM_ARRAY_TASK_ID: '' },
  { SLURM_JOB_ID: '7', SLURM_PROCID: '0', SLURM_NTASKS: '4' },
  { SLURM_ARRAY_TASK_ID: '0', SLURM_ARRAY_TASK_COUNT: '1' },
  { CLOUD_RUN_TASK_INDEX: '0', CLOUD_RUN_TASK_COUNT: '1' },
  { SGE_TASK_ID: 'undefined' },
  { LSB_JOBINDEX: '0' },
  { OMPI_COMM_WORLD_RANK: '0', OMPI_COMM_WORLD_SIZE: '1' },
  { CI_NODE_INDEX: '1', CI_NODE_TOTAL: '1' },
]

t.test('a task of an array is known by what its scheduler sets', async (t) => {
  for (const environment of TASKS) t.ok(arrayTask(environment), JSON.stringify(environment))
  for (const environment of ALONE) t.equal(arrayTask(environment), undefined, JSON.stringify(environment))
})

const config = (parameters: object, methods: readonly string[] = ['cryptoHash']) => ({
  fhirVersion: 'R4',
  fhirPathRules: methods.map((method) => ({ path: 'Patient.id', method, span: 1 })),
  parameters,
})
const RANDOM = { random: true }
const NAMED = 'hash: walnut, tundra, 9 lamps'

t.test('random keys are refused in a task of an array, and allowed by the option', async (t) => {
  const clean = Object.fromEntries(TASKS.flatMap(Object.keys).map((name) => [name, process.env[name]]))
  const set = (environment: Readonly<Record<string, string | undefined>>) => {
    for (const name of Object.keys(clean)) delete process.env[name]
    Object.assign(process.env, environment)
  }
  t.teardown(() => set(Object.fromEntries(Object.entries(clean).filter(([, value]) => value !== undefined))))
  for (const task of TASKS) {
    set(task)
    const { problems } = judgeConfig(config({ cryptoHashKey: RANDOM }))
    t.match(
      problems,
      [{ code: 'random-key-in-array', path: 'parameters.cryptoHashKey', message: Object.keys(task)[0] }],
      JSON.stringify(task),
    )
    t.throws(() => createAnonymizer(config({ cryptoHashKey: RANDOM })), { code: 'CONFIG_INVALID' })
    t.doesNotThrow(() => createAnonymizer(config({ cryptoHashKey: RANDOM }), { allowRandomKeys: true }))
  }
  const judged = (parameters: object, methods?: readonly string[]) =>
    judgeConfig(config(parameters, methods)).problems.map(({ path }) => path)
  t.same(judged({ cryptoHashKey: NAMED }), [], 'a key of all tasks')
  t.same(judged({ cryptoHashKey: NAMED, dateShiftKey: RANDOM }), [], 'no rule uses the random one')
  t.same(
    judged({ dateShiftKey: RANDOM }, ['perturb']),
    ['parameters.dateShiftKey'],
    'noise is derived from it',
  )
  t.same(
    judged({ cryptoHashKey: RANDOM, dateShiftKey: RANDOM, encryptKey: RANDOM }, [
      'cryptoHash',
      'dateShift',
      'encrypt',
    ]),
    ['parameters.dateShiftKey', 'parameters.cryptoHashKey', 'parameters.encryptKey'],
  )
  set({})
  t.doesNotThrow(() => checkConfig(config({ cryptoHashKey: RANDOM })), 'alone')
})
