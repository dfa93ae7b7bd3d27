/**
 * Writes `src/rules/lint/elements/required-codes.ts`: the codes of required bindings, from the npm package `@types/fhir`, which
 * has them as unions of texts. Usage: `npm pack @types/fhir@0.0.41`, unpack, then
 * `node dist/scripts/required-codes.js <folder with r3.d.ts, r4.d.ts, r4b.d.ts and r5.d.ts>`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ElementType, elementTree } from '../src/fhir/elements.js'
import type { FhirVersion } from '../src/fhir/version.js'
import { elementAt } from '../test/support/elements.js'

const FILES: readonly (readonly [FhirVersion, string])[] = [
  ['STU3', 'r3.d.ts'],
  ['R4', 'r4.d.ts'],
  ['R4B', 'r4b.d.ts'],
  ['R5', 'r5.d.ts'],
]

/** `PatientContact.gender` → the codes in its union. */
function unions(declarations: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const [, name, body = ''] of declarations.matchAll(/^export interface (\w+)[^{]*\{([\s\S]*?)^\}/gm))
    for (const [, member, codes = ''] of body.matchAll(/^ {2}(\w+)\??: \(('[^)]*')\)/gm))
      found.set(`${name}.${member}`, codes.slice(1, -1).replaceAll("'|'", ' '))
  return found
}

const nameOf = (id: string): string =>
  id
    .split('.')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('')

/** The types of a version by id, backbone elements included. */
function typesOf(version: FhirVersion): Map<string, ElementType> {
  const tree = elementTree(version)
  const found = new Map<string, ElementType>()
  const visit = (type: ElementType): void => {
    if (found.has(type.id)) return
    found.set(type.id, type)
    for (const member of type.members.values()) visit(member.type)
  }
  for (const type of [...tree.resources.values(), ...tree.dataTypes.values()]) visit(type)
  return found
}

const folder = elementAt(process.argv, 2)
const versionsOf = new Map<string, Map<string, FhirVersion[]>>()
for (const [version, file] of FILES) {
  const codes = unions(readFileSync(join(folder, file), 'utf8'))
  for (const { id, members } of typesOf(version).values())
    for (const { name, type } of members.values()) {
      const list = codes.get(`${nameOf(id)}.${name}`)
      if (type.name !== 'code' || list === undefined) continue
      const paths = versionsOf.get(list) ?? new Map<string, FhirVersion[]>()
      versionsOf.set(list, paths.set(`${id}.${name}`, [...(paths.get(`${id}.${name}`) ?? []), version]))
    }
}
const lines: string[] = []
for (const [codes, paths] of versionsOf) {
  const byVersions = new Map<string, string[]>()
  for (const [path, versions] of paths) {
    const key = versions.join(',')
    byVersions.set(key, [...(byVersions.get(key) ?? []), path])
  }
  for (const [versions, list] of byVersions) lines.push(`${versions}: ${list.join(' ')}: ${codes}`)
}
writeFileSync(
  join('src', 'rules', 'lint', 'required-codes.ts'),
  `// Made by scripts/required-codes.ts from @types/fhir 0.0.41 (MIT).

/** Lines of \`versions: elements: codes\`. */
export const REQUIRED_CODES = \`${lines.sort().join('\n')}\`
`,
)
