/**
 * Writes `src/fhir/r4b-elements.ts`: what R4B changes in the element tables of R4, from the StructureDefinitions of
 * the npm package `hl7.fhir.r4b.core`. Usage: `npm pack hl7.fhir.r4b.core`, unpack, then
 * `node dist/scripts/r4b-elements.js <folder with StructureDefinition-*.json>`.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fhirModel } from '../src/fhir/fhirpath.js'
import { elementAt } from '../test/support/elements.js'

interface ElementDefinition {
  readonly path: string
  readonly max: string
  readonly contentReference?: string
  readonly type?: readonly { readonly code: string }[]
}

interface StructureDefinition {
  readonly type: string
  readonly kind: string
  readonly derivation?: string
  readonly baseDefinition?: string
  readonly snapshot?: { readonly element: readonly ElementDefinition[] }
}

const FHIRPATH_TYPES = 'http://hl7.org/fhirpath/'
const capitalized = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)

/** `path type`, with `*` after the type where it repeats, `#` before the path it is defined by, `[x]` for a choice. */
function elementLines(definitions: readonly StructureDefinition[]): Map<string, string> {
  const lines = new Map<string, string>()
  for (const { snapshot } of definitions)
    for (const { path, max, contentReference, type = [] } of snapshot?.element ?? []) {
      if (!path.includes('.')) continue
      const many = max === '*' ? '*' : ''
      const types = type.map(({ code }) => code.replace(FHIRPATH_TYPES, ''))
      if (contentReference !== undefined)
        lines.set(path, `${path} #${contentReference.slice(contentReference.indexOf('#') + 1)}${many}`)
      else if (path.endsWith('[x]'))
        lines.set(path.slice(0, -'[x]'.length), `${path} ${types.join('|')}${many}`)
      else lines.set(path, `${path} ${types[0]}${many}`)
    }
  return lines
}

function isInR4(line: string): boolean {
  const model = fhirModel('R4')
  const [path = '', described = ''] = line.split(' ')
  const type = described.replace('*', '')
  if (type.startsWith('#')) return model.pathsDefinedElsewhere[path] === type.slice(1)
  if (!path.endsWith('[x]')) return model.path2Type[path] === type
  const known = model.choiceTypePaths[path.slice(0, -'[x]'.length)] ?? []
  return type.split('|').every((one) => known.includes(capitalized(one)))
}

const folder = elementAt(process.argv, 2)
const definitions = readdirSync(folder)
  .filter((name) => name.startsWith('StructureDefinition-'))
  .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as StructureDefinition)
  .filter(({ kind, derivation, snapshot }) => kind !== 'logical' && derivation !== 'constraint' && snapshot)
const elements = elementLines(definitions)
const { type2Parent, path2Type } = fhirModel('R4')
const parents = definitions
  .filter(({ type, baseDefinition }) => baseDefinition !== undefined && type2Parent[type] === undefined)
  .map(
    ({ type, baseDefinition = '' }) => `${type} ${baseDefinition.slice(baseDefinition.lastIndexOf('/') + 1)}`,
  )
const names = new Set(definitions.map(({ type }) => type))
const goneTypes = Object.keys(type2Parent).filter((name) => !names.has(name) && !/Quantity$/.test(name))
// R4B left Meta out of the types that an extension can have; it stays accepted, as data of R4 has it.
const goneElements = Object.keys(path2Type).filter((path) => {
  const [type = ''] = path.split('.')
  if (!['Evidence', 'EvidenceVariable'].includes(type) || elements.has(path)) return false
  return ![...elements].some(
    ([base, line]) => line.includes('[x] ') && path.startsWith(base) && isChoice(path, base, line),
  )
})
function isChoice(path: string, base: string, line: string): boolean {
  const [, described = ''] = line.split(' ')
  const types = described.replace('*', '').split('|')
  return types.some((type) => path === base + capitalized(type))
}
const added = [...elements.values()].filter((line) => !isInR4(line)).sort()

writeFileSync(
  'src/fhir/r4b-elements.ts',
  `// Made by scripts/r4b-elements.ts from the StructureDefinitions of hl7.fhir.r4b.core 4.3.0 (CC0).

/** Types of R4 that R4B does not have. */
export const GONE_TYPES = \`${goneTypes.join('\n')}\`

/** Elements of R4 that R4B does not have, in types that both have. */
export const GONE_ELEMENTS = \`${goneElements.join('\n')}\`

/** New types with their parents. */
export const NEW_TYPES = \`${parents.join('\n')}\`

/** New or changed elements: \`path type\`; \`*\` repeats, \`#path\` is defined there, \`[x]\` is a choice of types. */
export const NEW_ELEMENTS = \`${added.join('\n')}\`
`,
)
