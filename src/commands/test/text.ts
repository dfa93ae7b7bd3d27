import type { TestFailure } from '../../config-tests/config-test.js'
import type { TestResult } from '../../config-tests/config-tests.js'
import { visible } from '../../visible.js'

/** The results of one test file. */
export interface TestedFile {
  readonly file: string
  readonly tests: readonly TestResult[]
  /** The golden file that was written. */
  readonly written?: string
}

export interface ResultStyle {
  readonly showValues: boolean
  readonly isColored: boolean
}

const RED = '\u001b[31m'
const GREEN = '\u001b[32m'
const PLAIN = '\u001b[0m'

/** Results as lines of text, for `printColored`. */
export function* resultText(
  files: readonly TestedFile[],
  { showValues, isColored }: ResultStyle,
): Iterable<string> {
  const painted = (color: string, text: string) =>
    isColored ? `${color}${visible(text)}${PLAIN}` : visible(text)
  let failed = 0
  let passed = 0
  for (const { file, tests, written } of files) {
    yield visible(file)
    for (const { name, failures } of tests) {
      if (failures.length === 0) {
        passed += 1
        yield painted(GREEN, `  ✓ ${name}`)
        continue
      }
      failed += 1
      yield painted(RED, `  ✗ ${name}`)
      for (const failure of failures) yield visible(`      ${failureText(failure, showValues)}`)
    }
    if (written !== undefined) yield visible(`  wrote ${written}`)
  }
  yield `${passed} passed, ${failed} failed; with public test keys in place of the configuration's`
}

/** A failure on one line. */
export function failureText({ at, message, values }: TestFailure, showValues: boolean): string {
  const shown = showValues
    ? Object.entries(values ?? {}).map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    : []
  return `${at}: ${message}${shown.length === 0 ? '' : ` (${shown.join(', ')})`}`
}
