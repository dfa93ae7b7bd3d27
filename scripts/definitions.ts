import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** A concept of a code system, with those below it. */
export interface Concept {
  readonly code: string
  readonly concept?: readonly Concept[]
}

interface Identifier {
  readonly value?: string
}

interface Include {
  readonly system?: string
  readonly concept?: readonly { readonly code: string }[]
  readonly filter?: readonly { readonly property: string; readonly op: string; readonly value: string }[]
  readonly valueSet?: readonly string[]
}

interface ElementDefinition {
  readonly path: string
  readonly type?: readonly { readonly code: string }[]
  readonly binding?: {
    readonly strength: string
    readonly valueSet?: string
    /** STU3. */
    readonly valueSetUri?: string
    readonly valueSetReference?: { readonly reference?: string }
  }
}

/** What the scripts read of a code system, a value set or a structure definition. */
export interface Definition {
  readonly resourceType: string
  readonly url?: string
  readonly content?: string
  readonly kind?: string
  readonly derivation?: string
  readonly identifier?: Identifier | readonly Identifier[]
  readonly concept?: readonly Concept[]
  readonly compose?: { readonly include?: readonly Include[]; readonly exclude?: readonly Include[] }
  readonly snapshot?: { readonly element: readonly ElementDefinition[] }
}

export type { ElementDefinition, Include }

/** Reads definitions: of a folder (an npm package of HL7) or of a file with a Bundle. */
export function readDefinitions(path: string): readonly Definition[] {
  const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'))
  if (statSync(path).isDirectory())
    return readdirSync(path)
      .filter((name) => /^(CodeSystem|ValueSet|StructureDefinition)-.*\.json$/.test(name))
      .map((name) => read(join(path, name)) as Definition)
  const { entry } = read(path) as { readonly entry: readonly { readonly resource: Definition }[] }
  return entry.map(({ resource }) => resource)
}

/** Returns the codes of concepts and of all below them. */
export const codesOf = (concepts: readonly Concept[] = []): string[] =>
  concepts.flatMap(({ code, concept }) => [code, ...codesOf(concept)])
