import { setV8Flags } from '../src/commands/v8-flags.js'
import { checkConfig } from '../src/config/anonymizer/configuration.js'
import { readConfigFile } from '../src/config/anonymizer/configuration-file.js'
import { planOf } from '../src/config/anonymizer/plan.js'
import { runPipeline } from '../src/pipeline/run.js'
import { folderSink, folderSource } from '../src/storage/folder/folder.js'
import { elementAt } from '../test/support/elements.js'
import { costOfThisProcess, type ProcessCost } from './process-cost.js'

/** What `end-to-end.ts` measures: one whole process, files to files. Its last line of stdout is a `Measured`. */
export interface Measured extends ProcessCost {
  readonly lines: number
}

export interface ProcessOptions {
  readonly input: string
  readonly output: string
  readonly config: string
  readonly workers: number
  readonly memoryBudgetBytes?: number
}

const options = JSON.parse(elementAt(process.argv, 2)) as ProcessOptions
const lines = await pipeline(options)
const measured: Measured = { ...costOfThisProcess(), lines }
process.stdout.write(`${JSON.stringify(measured)}\n`)

async function pipeline({
  input,
  output,
  config,
  workers,
  memoryBudgetBytes,
}: ProcessOptions): Promise<number> {
  setV8Flags(process.versions.v8)
  const checked = checkConfig(await readConfigFile(config), { allowRandomKeys: true, allowWeakKeys: true })
  const report = await runPipeline({
    source: folderSource(input),
    sink: folderSink(output),
    plan: planOf(checked, '2026-11-21'),
    workers,
    memoryBudgetBytes,
  })
  return report.lines.read
}
