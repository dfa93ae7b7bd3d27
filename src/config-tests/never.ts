import type { TestedResource, TestFailure } from './config-test.js'
import { fateOf, textOf } from './expectations.js'
import { leavesOf } from './value-path.js'

/** Judges the texts that must not occur in the output, as JSON has them or as values. */
export function judgeNever(
  never: readonly string[],
  resources: readonly TestedResource[],
): readonly TestFailure[] {
  return never.flatMap((text, index): TestFailure | [] => {
    const at = `never[${index}]`
    if (!resources.some(({ given }) => holds(given, text)))
      return {
        at,
        message: 'is in no given resource, so its absence says nothing',
        values: { expected: text },
      }
    const found = resources.find(({ output }) => output !== undefined && holds(output, text))
    if (found === undefined) return []
    const { trace } = found
    const leaf =
      trace.kind === 'delivered' ? trace.leaves.find(({ after }) => textOf(after).includes(text)) : undefined
    const where = leaf === undefined ? '' : `: ${found.resourceType}.${fateOf(leaf)}`
    return { at, message: `is in the output${where}`, values: { expected: text } }
  })
}

const holds = (resource: unknown, text: string): boolean =>
  JSON.stringify(resource).includes(text) || leavesOf(resource).some((value) => String(value).includes(text))
