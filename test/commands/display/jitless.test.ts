// Holds src/commands/display/run-display.ts, src/anonymizer/walk/walk-module.ts.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { projectRoot } from '../../support/shared.js'

const CLI = join(projectRoot, 'dist/src/cli.js')
const PATIENT = '{"resourceType":"Patient","id":"p1","gender":"female","birthDate":"1970-02-03"}\n'

t.test(
  'without WebAssembly the interpreter serves, a warning says so, and the output is the same',
  async (t) => {
    const folder = t.testdir({ in: { 'a.ndjson': PATIENT } })
    writeFileSync(
      join(folder, 'config.json'),
      JSON.stringify({
        fhirVersion: 'R4',
        fhirPathRules: [{ path: 'Patient.birthDate', method: 'redact' }],
        parameters: { enablePartialDatesForRedact: true },
      }),
    )
    const outputOf = (name: string, ...flags: string[]) => {
      const args = [
        'anonymize',
        '-i',
        join(folder, 'in'),
        '-o',
        join(folder, name),
        '-c',
        join(folder, 'config.json'),
      ]
      const { status, stderr } = spawnSync(process.execPath, [...flags, CLI, ...args], { encoding: 'utf8' })
      t.equal(status, 0, stderr)
      return { stderr, output: readFileSync(join(folder, name, 'a.ndjson'), 'utf8') }
    }
    const plain = outputOf('plain')
    const jitless = outputOf('jitless', '--jitless')
    t.match(jitless.stderr, /engine\.slow.*WebAssembly is switched off/)
    t.notMatch(plain.stderr, /WebAssembly/)
    t.match(plain.output, '"birthDate":"1970"')
    t.equal(jitless.output, plain.output)
  },
)
