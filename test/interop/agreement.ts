import type { Test } from 'tap'
import { startFhirServer } from '../fhir-server/server.js'
import { QUESTIONS } from './questions.js'

/** Asks HAPI and the server that most tests use the same: they must agree, except where a question says otherwise. */
export async function agreement(t: Test, hapiBase: string): Promise<void> {
  const own = await startFhirServer({ statusText: 'reason', checksReferences: true })
  t.teardown(() => own.close())
  for (const question of QUESTIONS) {
    const [ours, theirs] = [await question.ask(own.base), await question.ask(hapiBase)]
    t.strictSame(theirs, question.hapi ?? ours, question.name)
    if (question.hapi !== undefined) t.notSame(ours, theirs, `${question.name}: the servers differ`)
  }
}
