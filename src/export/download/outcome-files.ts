import { addIssues, type IssueCounts, issuesOf } from '../../fhir-client/outcomes.js'
import { parseObject } from '../../http/body.js'
import { isBlank } from '../../ndjson/line.js'
import { lineStream } from '../../ndjson/line-stream.js'
import type { Source, State } from '../../storage/store.js'

const OUTCOMES_NAME = 'export/outcomes.ndjson'

// A longer line is not an OperationOutcome and must not fill the memory.
const MAX_LINE_BYTES = 4 * 2 ** 20

/**
 * Counts the issues in the manifest's `error` (version 4: `outcome`) files and keeps their texts only in the state,
 * because they may name patients. Throws what reading throws.
 */
export async function readOutcomes(source: Source, state: State): Promise<IssueCounts> {
  let counts: IssueCounts = {}
  const kept = await state.appender(OUTCOMES_NAME, 0)
  try {
    for await (const item of source.list(() => {})) {
      const reader = await source.open(item, 0)
      try {
        const lines = lineStream((target) => reader.read(target), { maxLineBytes: MAX_LINE_BYTES })
        for await (const { bytes } of lines) {
          if (bytes !== undefined && isBlank(bytes)) continue
          // A line that is too long is kept as an outcome without issues.
          const line = bytes?.toString('utf8') ?? '{}'
          counts = addIssues(counts, (bytes && issuesOf(parseObject(line))) ?? UNREADABLE)
          await kept.append(`${line}\n`)
        }
      } finally {
        await reader.close()
      }
    }
    await kept.flush()
  } finally {
    await kept.close()
  }
  return counts
}

const UNREADABLE: IssueCounts = { 'unknown/unknown': 1 }
