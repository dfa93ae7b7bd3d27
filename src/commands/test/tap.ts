import { visible } from '../../visible.js'
import { failureText, type TestedFile } from './text.js'

/** Results as TAP version 14 (testanything.org): a test point for each test, failures as YAML below it. */
export function* tapText(
  files: readonly TestedFile[],
  { showValues }: { readonly showValues: boolean },
): Iterable<string> {
  yield 'TAP version 14'
  yield `1..${files.reduce((sum, { tests }) => sum + tests.length, 0)}`
  let number = 0
  for (const { file, tests, written } of files) {
    yield `# ${visible(file)}`
    if (written !== undefined) yield `# wrote ${visible(written)}`
    for (const { name, failures } of tests) {
      number += 1
      yield `${failures.length === 0 ? 'ok' : 'not ok'} ${number} - ${description(name)}`
      if (failures.length === 0) continue
      yield '  ---'
      yield '  failures:'
      for (const failure of failures) yield `    - ${JSON.stringify(failureText(failure, showValues))}`
      yield '  ...'
    }
  }
}

/** `#` begins a directive, `\` an escape. */
const description = (name: string): string => visible(name).replace(/[\\#]/g, '\\$&')
