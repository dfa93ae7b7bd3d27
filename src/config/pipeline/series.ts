import type { Series } from '../anonymizer/random-keys.js'
import type { PipelineConfig } from './schema.js'

/** The series that a pipeline's runs form; undefined if each run replaces the one before. */
export function seriesOf({ onlyNew, schedule, retention, anonymizer }: PipelineConfig): Series | undefined {
  const why = whyInSeries({ onlyNew, schedule, retention })
  return why === undefined ? undefined : { why, isSeparate: anonymizer.separateRuns, isAddedTo: onlyNew }
}

function whyInSeries({
  onlyNew,
  schedule,
  retention,
}: Pick<PipelineConfig, 'onlyNew' | 'schedule' | 'retention'>): string | undefined {
  if (onlyNew) return 'onlyNew adds each run to those before it'
  if (retention?.keepLast !== undefined && retention.keepLast > 1)
    return `retention keeps the last ${retention.keepLast} runs`
  if (retention !== undefined && retention.keepLast === undefined)
    return 'retention keeps the runs of several days'
  if (schedule !== undefined) return 'a schedule repeats it'
  return undefined
}
