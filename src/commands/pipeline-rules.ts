import { resolve } from 'node:path'
import { withKeys } from '../config/anonymizer/given-keys.js'
import { randomKey } from '../config/anonymizer/keys.js'
import { lintConfig } from '../config/anonymizer/lint-config.js'
import type { LintRemark } from '../config/anonymizer/lint-report.js'
import { checkPipelineConfig } from '../config/pipeline/configuration.js'
import type { PipelineConfig } from '../config/pipeline/schema.js'
import { seriesOf } from '../config/pipeline/series.js'
import { isSluiceError, sluiceError } from '../errors.js'
import { pageOf } from '../rules/lint/findings/codes.js'
import { scheduleProblems } from '../runs/cron.js'
import type { Terminal } from './display/terminal.js'
import { fileOf, type PipelineFile } from './pipeline-file.js'
import { readConfigAt } from './store-access.js'

/**
 * What lint says of a pipeline's file, or where that is without fault, of its anonymizer configuration as the pipeline
 * uses it. Asks no key vault.
 */
export async function lintPipeline(raw: unknown, path: string, terminal: Terminal): Promise<LintRemark[]> {
  try {
    return await remarksOn(fileOf(path, checkPipelineConfig(raw, path, scheduleProblems), terminal))
  } catch (error) {
    if (!isSluiceError(error) || error.code !== 'CONFIG_INVALID' || error.problems === undefined) throw error
    const code = 'invalid-setting'
    return error.problems.map((problem) => ({ severity: 'problem', code, ...problem, page: pageOf(code) }))
  }
}

/** Throws CONFIG_INVALID where a pipeline that repeats itself has random keys. */
export async function refuseRandomKeys(file: PipelineFile): Promise<void> {
  const random = (await remarksOn(file)).filter(({ code }) => code === 'random-key-in-series')
  if (random.length === 0) return
  const problems = random.map(({ path, message }) => ({ path, message }))
  const list = problems.map(({ path, message }) => `  - ${path} ${message}`)
  throw sluiceError('CONFIG_INVALID', {
    message: `the keys cannot be used for a series of runs:\n${list.join('\n')}`,
    problems,
  })
}

async function remarksOn(file: PipelineFile): Promise<LintRemark[]> {
  const { keys, config, asOf: _, separateRuns: __, ...options } = file.config.anonymizer
  const { raw, baseFolder } = await readConfigAt(config, file.access, file.baseFolder)
  const given = Object.entries(keys).flatMap(([name, place]) =>
    place === undefined ? [] : [[name, keySource(place, file.baseFolder)] as const],
  )
  const vaulted = new Set(given.flatMap(([name, source]) => (typeof source === 'string' ? [name] : [])))
  const series = seriesOf(file.config)
  const remarks = lintConfig(withKeys(raw, Object.fromEntries(given)), { ...options, baseFolder, series })
  return remarks.filter(
    ({ code, path }) => code !== 'secret-in-file' || !vaulted.has(path.replace('parameters.', '')),
  )
}

type Place = NonNullable<PipelineConfig['anonymizer']['keys']['cryptoHashKey']>

/** The place as a configuration names it. A vault is not asked: a key of no other use takes the place of its secret. */
function keySource(place: Place, baseFolder: string): string | object {
  if ('env' in place) return place
  if ('file' in place) return { file: resolve(baseFolder, place.file) }
  return randomKey()
}
