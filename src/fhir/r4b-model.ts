import type { FhirModel } from './model.js'
import { GONE_ELEMENTS, GONE_TYPES, NEW_ELEMENTS, NEW_TYPES } from './r4b-elements.js'

/**
 * Returns the element tables of R4B: the tables of R4 with the changes of R4B, because fhirpath.js has no R4B model.
 */
export function r4bModel(r4: FhirModel): FhirModel {
  const goneTypes = new Set(GONE_TYPES.split('\n'))
  const goneElements = new Set(GONE_ELEMENTS.split('\n'))
  const isGone = (path: string): boolean => goneElements.has(path) || goneTypes.has(path.replace(/\..*$/, ''))
  const kept = <T>(table: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(table).filter(([path]) => !isGone(path)))
  const model = {
    choiceTypePaths: kept(r4.choiceTypePaths),
    pathsDefinedElsewhere: kept(r4.pathsDefinedElsewhere),
    type2Parent: { ...kept(r4.type2Parent), ...Object.fromEntries(pairs(NEW_TYPES)) },
    path2Type: kept(r4.path2Type),
    path2Repeating: kept(r4.path2Repeating),
  }
  for (const [path, described] of pairs(NEW_ELEMENTS)) addElement(model, path, described)
  return model
}

function addElement(model: Writable, path: string, described: string): void {
  const isRepeated = described.endsWith('*')
  const type = isRepeated ? described.slice(0, -1) : described
  if (type.startsWith('#')) {
    model.pathsDefinedElsewhere[path] = type.slice(1)
    return
  }
  if (isRepeated) model.path2Repeating[path] = true
  if (!path.endsWith('[x]')) {
    model.path2Type[path] = type
    return
  }
  const element = path.slice(0, -'[x]'.length)
  const suffixes = type
    .split('|')
    .map((name) => [name.charAt(0).toUpperCase() + name.slice(1), name] as const)
  for (const [suffix, name] of suffixes) model.path2Type[element + suffix] = name
  // R4B dropped Meta from these types, but R4 data may have it, so it stays accepted.
  const before = model.choiceTypePaths[element] ?? []
  model.choiceTypePaths[element] = [...new Set([...before, ...suffixes.map(([suffix]) => suffix)])]
}

type Writable = {
  readonly [Table in keyof FhirModel]: { -readonly [Path in keyof FhirModel[Table]]: FhirModel[Table][Path] }
}

const pairs = (lines: string): [string, string][] =>
  lines.split('\n').map((line) => {
    const space = line.indexOf(' ')
    return [line.slice(0, space), line.slice(space + 1)]
  })
