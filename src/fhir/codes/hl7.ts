import { readFileSync } from 'node:fs'
import type { CodeSet, CodeSystem } from './code-system.js'

/** DICOM's terms, which the packages of HL7 hold too. */
export const DICOM_URL = 'http://dicom.nema.org/resources/ontology/DCM'

/** Systems that can single out a person: they are the set `cdc-race-ethnicity`. */
const IDENTIFYING = /\/v3-(?:Race|Ethnicity|TribalEntityUS)$/

let lines: readonly string[] | undefined
const lists = new Map<string, ReadonlySet<string>>()

/** Reads the table of `url alias alias|code|code` on first use: a run without `codeSystems` never does. */
function tableLines(): readonly string[] {
  const file = new URL('./hl7-codes.json', import.meta.url)
  lines ??= JSON.parse(readFileSync(file, 'utf8')) as readonly string[]
  return lines
}

/** Returns the codes of a system by its current url; none if the table does not have it. */
export function hl7List(url: string): ReadonlySet<string> {
  const known = lists.get(url)
  if (known !== undefined) return known
  const line = tableLines().find((one) => one.startsWith(url) && ' |'.includes(one.charAt(url.length)))
  const list = new Set(line?.split('|').slice(1))
  lists.set(url, list)
  return list
}

let urls: ReadonlySet<string> | undefined

/** Whether HL7's table has a url or an alias. */
export function isHl7Url(url: string): boolean {
  urls ??= new Set(tableLines().flatMap((line) => line.slice(0, line.indexOf('|')).split(' ')))
  return urls.has(url)
}

let systems: readonly CodeSystem[] | undefined

function hl7Systems(): readonly CodeSystem[] {
  systems ??= tableLines()
    .map((line) => line.slice(0, line.indexOf('|')).split(' '))
    .filter(([url = '']) => url !== DICOM_URL && !IDENTIFYING.test(url))
    .map((urls) => hl7System(urls))
  return systems
}

function hl7System(urls: readonly string[]): CodeSystem {
  const [url = ''] = urls
  return {
    title: url.slice(url.lastIndexOf('/') + 1),
    urls,
    edition: 'HL7 Terminology 7.0.1; FHIR STU3, R4, R4B and R5',
    form: 'a code of the system',
    accepts: (code) => hl7List(url).has(code),
  }
}

export const HL7: CodeSet = {
  name: 'hl7',
  title: 'HL7 Terminology and FHIR',
  note: 'Closed lists, retired codes included. Other urls below hl7.org are not part of it.',
  systems: hl7Systems,
}
