import { type Problem, sluiceError } from '../../errors.js'
import { isRecord } from '../../json/record.js'
import { readNamedText } from '../text/bounded-text.js'
import { isTextFault, readConfigText } from '../text/config-text.js'
import { issuesAsProblems } from '../text/problem.js'
import {
  type PipelineConfig,
  pipelineSchema,
  querySource,
  type ScheduleCheck,
  serverSource,
  storeSource,
} from './schema.js'

/** Reads a pipeline's file. Throws CONFIG_INVALID with every problem and its path. */
export async function readPipelineConfig(
  path: string,
  checkSchedule: ScheduleCheck,
): Promise<PipelineConfig> {
  const text = await readNamedText(path, 'the pipeline')
  return checkPipelineConfig(parse(text, path), path, checkSchedule)
}

/** Whether this is a pipeline rather than an anonymizer configuration. */
export const isPipeline = (raw: unknown): boolean =>
  isRecord(raw) && 'anonymizer' in raw && ('source' in raw || 'sink' in raw)

/** Checks what a pipeline's file holds. Throws CONFIG_INVALID with every problem and its path. */
export function checkPipelineConfig(raw: unknown, at: string, checkSchedule: ScheduleCheck): PipelineConfig {
  const checked = pipelineSchema(sourceSchema(raw), checkSchedule).safeParse(raw)
  if (checked.success) return checked.data
  throw invalid(issuesAsProblems(checked.error, ''), at)
}

/** A union would only say that no kind of source fits. */
function sourceSchema(raw: unknown): typeof storeSource | typeof querySource | typeof serverSource {
  const source = isRecord(raw) && isRecord(raw.source) ? raw.source : {}
  if ('store' in source) return storeSource
  return 'query' in source ? querySource : serverSource
}

function parse(text: string, path: string): unknown {
  const read = readConfigText(text, path)
  if (isTextFault(read)) throw invalid([{ path: read.place, message: read.message }], path)
  return read.value
}

function invalid(problems: readonly Problem[], at: string) {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`
  const list = problems.map(({ path, message }) => `  - ${path || '(the whole file)'}: ${message}`)
  return sluiceError('CONFIG_INVALID', {
    at,
    message: `the pipeline ${at} has ${count}:\n${list.join('\n')}`,
    problems,
  })
}
