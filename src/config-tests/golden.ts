import { isRecord } from '../json/record.js'
import type { TestedResource, TestFailure } from './config-test.js'

/** What one resource became: itself, or the code of its rejection. */
type GoldenLine = unknown

/** The outputs of a file's tests, by the tests' names. */
export type Golden = Readonly<Record<string, readonly GoldenLine[]>>

export const goldenOf = (resources: readonly TestedResource[]): readonly GoldenLine[] =>
  resources.map(({ trace, output }) =>
    trace.kind === 'rejected' ? { rejected: trace.rejection.code } : output,
  )

const MAX_SHOWN = 5

/** Compares outputs with those that were written before. Names the places that differ, not the values. */
export function judgeGolden(
  golden: Golden,
  name: string,
  resources: readonly TestedResource[],
): readonly TestFailure[] {
  const written = Object.hasOwn(golden, name) ? golden[name] : undefined
  if (written === undefined)
    return [{ at: 'golden', message: 'the golden file has no output of this test; --update writes it' }]
  const differing = differences(written, goldenOf(resources), '')
  const shown = differing.slice(0, MAX_SHOWN).join(', ')
  const more = differing.length > MAX_SHOWN ? ` and ${differing.length - MAX_SHOWN} more` : ''
  return differing.length === 0
    ? []
    : [{ at: 'golden', message: `the output is another than the golden one at ${shown}${more}` }]
}

function differences(a: unknown, b: unknown, place: string): readonly string[] {
  if (a === b) return []
  const both = Array.isArray(a) === Array.isArray(b) && isTree(a) && isTree(b)
  if (!both) return [place || '(all of it)']
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...keys].flatMap((key) =>
    differences(
      own(a, key),
      own(b, key),
      /^\d+$/.test(key) ? `${place}[${key}]` : place === '' ? key : `${place}.${key}`,
    ),
  )
}

const isTree = (value: unknown): value is Readonly<Record<string, unknown>> =>
  Array.isArray(value) || isRecord(value)

const own = (tree: Readonly<Record<string, unknown>>, key: string): unknown =>
  Object.hasOwn(tree, key) ? tree[key] : undefined
