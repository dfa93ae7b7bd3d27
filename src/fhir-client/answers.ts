import type { HttpAnswer } from '../http/answer.js'
import { parseObject } from '../http/body.js'
import type { State } from '../storage/store.js'
import { type IssueCounts, issuesOf } from './outcomes.js'

/** An unexpected answer. */
export interface FailedAnswer {
  readonly call: 'kick-off' | 'poll' | 'file' | 'search' | 'token' | 'cancel'
  /** The item, if the answer is about a file. */
  readonly item?: string
  readonly answer: HttpAnswer
  readonly text: string
}

/** Records the server's answers to failed requests, for the person who has to find the cause. */
export interface AnswerLog {
  /** Returns a phrase that says where the answer is kept, or an empty string if it is not. */
  keep(failed: FailedAnswer): Promise<string>
}

export interface AnswerEvent<O extends Operation = 'export'> {
  readonly event: `${O}.answered`
  readonly level: 'info'
  readonly call: FailedAnswer['call']
  readonly item?: string | undefined
  readonly status: number
  /** Issues by severity and code; undefined if the answer is not an OperationOutcome. */
  readonly issues?: IssueCounts | undefined
  readonly kept: string
  readonly [field: string]: unknown
}

/** What the answers are about. */
type Operation = 'export' | 'import'

const MAX_ANSWERS = 50
const MAX_TEXT_LENGTH = 64 * 1024

export const NO_ANSWER_LOG: AnswerLog = { keep: async () => '' }

/** Returns the parsed JSON, or the text if it is not JSON or is nested too deeply to be written again. */
function lineOf(facts: object, body: object | undefined, text: string): string {
  if (body !== undefined && text.length <= MAX_TEXT_LENGTH)
    try {
      return JSON.stringify({ ...facts, body })
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
    }
  return JSON.stringify({ ...facts, body: text.slice(0, MAX_TEXT_LENGTH) })
}

/** Keeps the last answers, only in the state, because their texts may name patients. */
export function answerLog<O extends Operation = 'export'>(
  state: State,
  onEvent: (event: AnswerEvent<O>) => void = () => {},
  operation: O = 'export' as O,
): AnswerLog {
  const name = `${operation}/answers.ndjson`
  const event: AnswerEvent<O>['event'] = `${operation}.answered`
  const kept = `${state.place.replace(/\/+$/, '')}/${name}`
  const lines: string[] = []
  let writing: Promise<unknown> = Promise.resolve()
  return {
    async keep({ call, item, answer: { status, header }, text }) {
      const body = parseObject(text)
      onEvent({ event, level: 'info', call, item, status, issues: issuesOf(body), kept })
      if (text.trim() === '') return ''
      const facts = { at: new Date().toISOString(), call, item, status, contentType: header('content-type') }
      const line = lineOf(facts, body, text)
      lines.push(line)
      if (lines.length > MAX_ANSWERS) lines.shift()
      const written = writing.then(() => state.write(name, `${lines.join('\n')}\n`))
      // Losing the server's answer must not fail the run.
      writing = written.catch(() => {})
      return written.then(
        () => `; its answer is in ${kept}`,
        () => '',
      )
    },
  }
}
