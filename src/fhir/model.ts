/** The tables that Sluice reads from fhirpath.js' FHIR models: element types, repetition, inheritance. */
export interface FhirModel {
  readonly choiceTypePaths: Readonly<Record<string, readonly string[]>>
  readonly pathsDefinedElsewhere: Readonly<Record<string, string>>
  readonly type2Parent: Readonly<Record<string, string>>
  readonly path2Type: Readonly<Record<string, string>>
  readonly path2Repeating: Readonly<Record<string, boolean>>
}
