/**
 * Writes `src/fhir/mandatory-elements.ts`: the elements with a minimum cardinality of 1 or more. The definitions are in
 * Maven artifacts of HAPI FHIR and in an npm package of HL7. Usage: unpack
 * `ca.uhn.hapi.fhir:hapi-fhir-validation-resources-dstu3`, `-r4` and `-r4b` (8.8.0) and `npm pack hl7.fhir.r5.core@5.0.0`
 * into the folders `dstu3`, `r4`, `r4b` and `r5` of one folder, then `node dist/scripts/mandatory-elements.js <folder>`.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FhirVersion } from '../src/fhir/version.js'
import { elementAt } from '../test/support/elements.js'

const folder = elementAt(process.argv, 2)

/** Paths of mandatory elements, such as `Claim.insurance.coverage` and `Extension.value[x]`. */
type Paths = ReadonlySet<string>

function fromXml(name: string): Paths {
  const profiles = join(folder, name, 'org/hl7/fhir', name, 'model/profile')
  const paths = new Set<string>()
  for (const file of ['profiles-resources.xml', 'profiles-types.xml'])
    for (const [definition] of readFileSync(join(profiles, file), 'utf8').matchAll(
      /<StructureDefinition\b[\s\S]*?<\/StructureDefinition>/g,
    )) {
      const isProfile = definition.includes('<derivation value="constraint"')
      const snapshot = /<snapshot>[\s\S]*<\/snapshot>/.exec(definition)?.[0]
      if (isProfile || snapshot === undefined) continue
      // The first minimum after a path is the element's own; that of its base comes later.
      for (const [, path = '', min] of snapshot.matchAll(/<path value="([^"]*)"[\s\S]*?<min value="(\d+)"/g))
        if (min !== '0' && path.includes('.')) paths.add(path)
    }
  return paths
}

interface StructureDefinition {
  readonly derivation?: string
  readonly snapshot?: { readonly element: readonly { readonly path: string; readonly min: number }[] }
}

function fromJson(name: string): Paths {
  const definitions = join(folder, name, 'package')
  const paths = new Set<string>()
  for (const file of readdirSync(definitions).filter((each) => each.startsWith('StructureDefinition-'))) {
    const { derivation, snapshot } = JSON.parse(
      readFileSync(join(definitions, file), 'utf8'),
    ) as StructureDefinition
    if (derivation === 'constraint') continue
    for (const { path, min } of snapshot?.element ?? []) if (min > 0 && path.includes('.')) paths.add(path)
  }
  return paths
}

const byVersion: readonly (readonly [FhirVersion, Paths])[] = [
  ['STU3', fromXml('dstu3')],
  ['R4', fromXml('r4')],
  ['R4B', fromXml('r4b')],
  ['R5', fromJson('r5')],
]
/** `R4 R5: Claim.insurance: coverage focal` by versions and type. */
const lines = new Map<string, string[]>()
for (const path of new Set(byVersion.flatMap(([, paths]) => [...paths]))) {
  const versions = byVersion.filter(([, paths]) => paths.has(path)).map(([version]) => version)
  const dot = path.lastIndexOf('.')
  const head = `${versions.join(' ')}: ${path.slice(0, dot)}`
  lines.set(head, [...(lines.get(head) ?? []), path.slice(dot + 1).replace('[x]', '')])
}
writeFileSync(
  join('src', 'fhir', 'mandatory-elements.ts'),
  `// Made by scripts/mandatory-elements.ts from HL7's definitions of FHIR (CC0).

/** Lines of \`versions: type: elements\`. A choice element has no suffix. */
export const MANDATORY_ELEMENTS = \`${[...lines]
    .map(([head, names]) => `${head}: ${names.join(' ')}`)
    .sort()
    .join('\n')}\`
`,
)
