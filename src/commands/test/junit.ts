import { visible } from '../../visible.js'
import { failureText, type TestedFile } from './text.js'

/** Results as the JUnit XML that build servers read: a suite for each file. */
export function junitText(
  files: readonly TestedFile[],
  { showValues }: { readonly showValues: boolean },
): string {
  const suites = files.map(({ file, tests }) => {
    const cases = tests.map(({ name, failures, milliseconds }) => {
      const head = `    <testcase classname="${escaped(file)}" name="${escaped(name)}" time="${seconds(milliseconds)}"`
      if (failures.length === 0) return `${head}/>`
      const texts = failures.map((failure) => escaped(failureText(failure, showValues)))
      return `${head}>\n      <failure message="${texts[0]}">${texts.join('\n')}</failure>\n    </testcase>`
    })
    return `  <testsuite name="${escaped(file)}" ${countsOf(tests)}>\n${cases.join('\n')}\n  </testsuite>`
  })
  const all = files.flatMap(({ tests }) => tests)
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${countsOf(all)}>\n${suites.join('\n')}\n</testsuites>\n`
}

function countsOf(tests: TestedFile['tests']): string {
  const failed = tests.filter(({ failures }) => failures.length > 0).length
  const milliseconds = tests.reduce((sum, test) => sum + test.milliseconds, 0)
  return `tests="${tests.length}" failures="${failed}" errors="0" time="${seconds(milliseconds)}"`
}

const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(3)

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** Characters that XML cannot hold are written visibly. */
const escaped = (text: string): string =>
  visible(text).replace(/[&<>"'\ufffe\uffff]/g, (c) => ENTITIES[c] ?? '')
