import { createLineAnonymizer, type LineAnonymizer } from '../anonymizer/line-anonymizer.js'
import { Output } from '../anonymizer/output.js'
import type { AnonymizerSpec } from '../anonymizer/spec.js'
import { compressed } from '../compression/compressed.js'
import { isSluiceError } from '../errors.js'
import { elementTree } from '../fhir/elements.js'
import { anonymizeLines } from './anonymize-lines.js'
import { type Answer, CLAIM, type LinesTask, type Task } from './protocol.js'

// A buffer stretched by one huge line is not kept for small ones.
const KEPT_OUTPUT_BYTES = 16 * 2 ** 20

let spec: AnonymizerSpec | undefined
let anonymizer: Promise<LineAnonymizer> | undefined
let out = new Output(2 ** 20)

/** The entry of a worker thread. Answers with data only: error classes do not survive the thread boundary. */
export default async function answer(task: Task): Promise<Answer> {
  if (task.kind === 'load') {
    elementTree(task.fhirVersion)
    return { kind: 'loaded' }
  }
  spec ??= task.spec
  if (spec === undefined) return { kind: 'unprepared' }
  anonymizer ??= createLineAnonymizer(spec)
  let ready: LineAnonymizer
  try {
    ready = await anonymizer
  } catch (error) {
    anonymizer = undefined
    if (isSluiceError(error)) {
      const { code, at, fact, help } = error
      return { kind: 'refused', code, at, message: fact, help }
    }
    return { kind: 'crashed', where: whereOf(error) }
  }
  if (task.kind === 'hello') return { kind: 'ready', needsPlaces: ready.needsPlaces }
  try {
    return answerLines(ready, task)
  } catch (error) {
    // The anonymizer's state is unknown after a throw, so the next task starts with a new one.
    anonymizer = undefined
    return { kind: 'crashed', where: whereOf(error) }
  } finally {
    out.length = 0
    if (out.bytes.length > KEPT_OUTPUT_BYTES) out = new Output(2 ** 20)
  }
}

function answerLines(ready: LineAnonymizer, task: LinesTask): Answer {
  const startedMs = performance.now()
  // V8 copies to shared memory byte by byte unless both places are equally aligned.
  const from = task.start % 8
  out.length = from
  const { rejected, ...counts } = anonymizeLines(ready, task, out)
  const written = out.bytes.subarray(from, out.length)
  const { compression } = task
  const bytes = compression !== undefined && written.length > 0 ? compressed(written, compression) : written
  const claim = new Int32Array(task.claim)
  if (Atomics.compareExchange(claim, 0, CLAIM.running, CLAIM.writing) !== CLAIM.running)
    return { kind: 'crashed', where: 'cancelled' }
  const fits = bytes.length <= task.roomBytes
  if (fits) new Uint8Array(task.slab, task.start, bytes.length).set(bytes)
  return {
    kind: 'lines',
    outputBytes: bytes.length,
    ...(fits ? {} : { moved: new Uint8Array(bytes) }),
    rejected: rejected.result(),
    ...counts,
    busyMs: performance.now() - startedMs,
  }
}

/** Returns the kind of error and its place in the code, but not its message, which may quote the input. */
function whereOf(error: unknown): string {
  if (!(error instanceof Error)) return 'something other than an Error was thrown'
  const frame = (error.stack ?? '').split('\n').find((line) => line.trimStart().startsWith('at '))
  return `${error.name} ${frame === undefined ? '' : frame.trim()}`.trim()
}
