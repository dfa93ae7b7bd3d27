// Anonymizes NDJSON from stdin to stdout, line by line, with the Safe Harbor preset.

import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createAnonymizer } from 'fhir-sluice/engine'

const preset = fileURLToPath(import.meta.resolve('fhir-sluice/configs/safe-harbor-r4.json'))
const anonymizer = createAnonymizer(JSON.parse(readFileSync(preset, 'utf8')))

let lineNumber = 0
for await (const line of createInterface({ input: process.stdin })) {
  lineNumber++
  if (line.trim() === '') continue
  const result = anonymizer.anonymize(line)
  if (result.ok) {
    process.stdout.write(result.bytes)
    process.stdout.write('\n')
  } else {
    // Neither the code nor the message quotes a value of the line.
    console.error(`line ${lineNumber}, byte ${result.offset}: ${result.code}: ${result.message}`)
    process.exitCode = 10
  }
}
