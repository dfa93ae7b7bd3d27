import { issueText } from '../../fhir-client/outcomes.js'
import type { PipelineReport } from '../../runs/run-end.js'
import { printContents } from '../display/contents-text.js'
import { printReport } from '../display/report-text.js'
import type { Terminal } from '../display/terminal.js'
import { summaryOf } from './notification.js'

/** The end of a pipeline's run. */
export function printPipelineReport(
  ended: PipelineReport,
  { json }: { readonly json: boolean },
  terminal: Terminal,
): void {
  if (json) {
    terminal.print(JSON.stringify(summaryOf(ended)))
    return
  }
  const { report, since, isIncrement, isResumed, issues = {}, removed, place, statePlace } = ended
  if (isResumed) terminal.print('resumed the run that was interrupted')
  if (since !== undefined) terminal.print(`what changed since ${since}`)
  if (Object.keys(issues).length > 0) terminal.print(`the server says: ${issueText(issues)}`)
  printContents(ended, { isIncrement, isFailure: ended.isEmptyFailure }, terminal)
  if (removed.length > 0) terminal.print(`removed: ${removed.join(', ')}`)
  printReport(report, { place, state: { place: statePlace } }, terminal)
}
