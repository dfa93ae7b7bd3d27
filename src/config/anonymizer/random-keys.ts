import type { KeyName } from '../../anonymizer/parameters.js'
import type { Rule } from '../../anonymizer/spec.js'
import { arrayTask } from '../environment/array-task.js'
import type { ConfigProblem } from '../text/problem.js'

/** Runs that belong together, because their outputs are kept or handed out one after the other. */
export interface Series {
  /** Why they do, as a clause. */
  readonly why: string
  /** The user has said that each run is a data set of its own. */
  readonly isSeparate: boolean
  /** A run adds to those before it, so that it cannot be separate. */
  readonly isAddedTo: boolean
}

/** The random keys that rules use; a perturbKey that is not given is derived from all others. */
const usedOf = (random: readonly KeyName[], needs: ReadonlyMap<KeyName, Rule>): readonly KeyName[] =>
  needs.has('perturbKey') ? random : random.filter((name) => needs.has(name))

const NAMED = 'give the same key to all of them by {"env": "NAME"} or {"file": "path"}'

/** Random keys in one of many tasks: each task makes its own, so their outputs do not join. */
export function randomKeysInTask(
  random: readonly KeyName[],
  needs: ReadonlyMap<KeyName, Rule>,
): ConfigProblem[] {
  const used = usedOf(random, needs)
  const task = used.length === 0 ? undefined : arrayTask()
  if (task === undefined) return []
  const message =
    `is made at random by each task of the array (${task.scheduler} sets ${task.variable}), so the outputs of two ` +
    `tasks do not join: start them with --join, which shares one key, ${NAMED}, or use --allow-random-keys where each task is a data set of its own`
  return used.map((name) => ({ code: 'random-key-in-array', path: `parameters.${name}`, message }))
}

/** Random keys in a series of runs: ids of two runs do not join, and shifts and noise average out. */
export function randomKeysInSeries(
  random: readonly KeyName[],
  needs: ReadonlyMap<KeyName, Rule>,
  series: Series,
): ConfigProblem[] {
  const canBeSeparate = (name: KeyName) =>
    !series.isAddedTo && name !== 'perturbKey' && name !== 'dateShiftKey' && !needs.has('perturbKey')
  return usedOf(random, needs)
    .filter((name) => !(series.isSeparate && canBeSeparate(name)))
    .map((name) => {
      const advice = canBeSeparate(name)
        ? ', or say "separateRuns": true where each run is a data set of its own'
        : ''
      const message = `is made at random for each run, but ${series.why}: ${CONSEQUENCES[name]}; ${NAMED}${advice}`
      return { code: 'random-key-in-series', path: `parameters.${name}`, message }
    })
}

const UNJOINED = 'the same id becomes another one each time, so that nothing joins'
const CONSEQUENCES: Readonly<Record<KeyName, string>> = {
  cryptoHashKey: UNJOINED,
  encryptKey: 'what one run encrypted differs from the next',
  dateShiftKey: 'each run shifts the same date anew, and the mean of the shifts gives the true date',
  perturbKey: 'each run has other noise on the same value, and the mean of it gives the exact value',
}
