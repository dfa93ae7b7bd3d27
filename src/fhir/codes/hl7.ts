import { readFileSync } from 'node:fs'
import { isCodeForm } from './code-form.js'
import type { CodeSet, CodeSystem } from './code-system.js'

const DICOM = 'http://dicom.nema.org/resources/ontology/DCM'

/** Makes a code system of a line `url alias alias|code|code`; a definition that lists only examples has no codes. */
function codeSystem(line: string, urls: readonly string[]): CodeSystem {
  const [url = ''] = urls
  const isClosed = line.includes('|')
  let list: ReadonlySet<string> | undefined
  return {
    title: url.slice(url.lastIndexOf('/') + 1),
    urls,
    edition: 'HL7 Terminology 7.0.1, FHIR R4, R4B and R5',
    form: isClosed ? 'a code of the system' : 'the form of a code; its definition lists only examples',
    accepts: (code) => {
      if (!isClosed) return isCodeForm(code)
      list ??= new Set(line.split('|').slice(1))
      return list.has(code)
    },
  }
}

let read: readonly CodeSystem[] | undefined

/** Reads the table of HL7's code systems on first use: a run without `codeSystems` never does. */
function codeSystems(): readonly CodeSystem[] {
  if (read !== undefined) return read
  const file = new URL('./hl7-codes.json', import.meta.url)
  const lines = JSON.parse(readFileSync(file, 'utf8')) as readonly string[]
  read = lines.map((line) => codeSystem(line, (line.split('|', 1)[0] ?? '').split(' ')))
  return read
}

export const HL7: CodeSet = {
  name: 'hl7',
  title: 'HL7 Terminology and FHIR',
  note: 'Closed lists; other urls under hl7.org are not part of it.',
  systems: () => codeSystems().filter(({ urls }) => urls[0] !== DICOM),
}
