import { startEarly } from '../../pipeline/early-workers.js'
import type { Terminal } from '../display/terminal.js'
import type { ExitCode } from '../exit-codes.js'
import { required } from '../shared-options.js'
import { ANONYMIZE_OPTIONS, type AnonymizeValues } from './options.js'

/** `sluice anonymize`: its first worker thread and its main thread load their code at the same time. */
export async function startAnonymizing(values: AnonymizeValues, terminal: Terminal): Promise<ExitCode> {
  const places = {
    input: required(values.input, ANONYMIZE_OPTIONS.input),
    output: required(values.output, ANONYMIZE_OPTIONS.output),
    config: required(values.config, ANONYMIZE_OPTIONS.config),
  }
  const pool = startEarly({ workers: values.workers, memoryBudgetBytes: values.memoryBudget })
  try {
    const { anonymize } = await import('./anonymize.js')
    return await anonymize(places, values, { terminal, pool })
  } finally {
    await pool.destroy()
  }
}
