import { sluiceError } from '../errors.js'
import type { RunOptions } from './options.js'
import type { RunReport } from './report.js'

/**
 * Anonymizes every item of the source into the sink. Items that cannot be read are in `failed` of the report;
 * everything else throws: SINK_*, NAME_COLLISION, USAGE, BAD_LINE, TOO_MANY_QUARANTINED, WORKER_FAILED, INTERRUPTED.
 */
export async function runPipeline(options: RunOptions): Promise<RunReport> {
  throw sluiceError('INTERNAL', `no pipeline for ${options.source.place}`, { blame: 'bug', retry: 'never' })
}
