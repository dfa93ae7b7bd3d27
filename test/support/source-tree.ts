import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { firstOf } from './elements.js'

/** Source files by path relative to `src/`, with `/`. */
export type SourceTree = ReadonlyMap<string, string>

/** Reads every `.ts` file below a folder. */
export function readSourceTree(folder: string): SourceTree {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  )
  return new Map(files.map((file) => [file.replaceAll('\\', '/'), readFileSync(join(folder, file), 'utf8')]))
}

// ARCHITECTURE.md, "Where things are": each layer may import those above it in this list, none of its own.
const LAYERS: readonly (readonly string[])[] = [
  ['errors', 'invariant', 'json', 'ndjson', 'secret', 'version', 'visible'],
  ['compression', 'environment-error'],
  ['published'],
  ['http'],
  ['fhir'],
  ['rules'],
  ['anonymizer'],
  ['workers', 'storage', 'metrics', 'demo'],
  ['fhir-client'],
  ['pipeline'],
  ['check', 'share'],
  ['export', 'load', 'alt-export'],
  ['server', 'diff'],
  ['preview', 'config-tests'],
  ['runs'],
  ['commands'],
  ['cli'],
]
const MAY_IMPORT_CONFIG = ['commands', 'cli', 'index', 'engine']
// What the package exports: `fhir-sluice` and `fhir-sluice/engine`, the library without stores and threads.
const ENTRIES = ['index.ts', 'engine.ts']
const FORBIDDEN_FOLDERS = ['utils', 'util', 'helpers', 'common', 'types', 'shared', 'misc']

// Libraries whose very purpose is to be spoken to by each file of one folder: a schema per file, a command per file.
const MANY_IMPORTERS: Readonly<Record<string, RegExp>> = {
  zod: /^config\//,
  yaml: /^config\/text\/yaml-text\.ts$/,
  commander: /^(cli\.ts|commands\/)/,
}

const ONLY_IN: readonly { readonly what: string; readonly pattern: RegExp; readonly where: RegExp }[] = [
  { what: 'process.env', pattern: /\bprocess\.env\b/, where: /^config\// },
  { what: 'process.exit', pattern: /\bprocess\.(exit|exitCode|abort)\b/, where: /^cli\.ts$/ },
  { what: 'signals', pattern: /\bprocess\.(on|once|kill)\(/, where: /^cli\.ts$/ },
  { what: 'stdout', pattern: /\bprocess\.stdout\b|\bconsole\.\w+\(/, where: /^cli\.ts$/ },
]

/** What is against the design, one sentence each, in the order of the files. */
export function violations(tree: SourceTree): string[] {
  const found: string[] = []
  const importers = new Map<string, string[]>()
  for (const [file, source] of tree) {
    const code = withoutComments(source)
    for (const folder of file.split('/').slice(0, -1))
      if (FORBIDDEN_FOLDERS.includes(folder)) found.push(`${file}: a folder named ${folder}`)
    if (
      !ENTRIES.includes(file) &&
      (/^export\s+(type\s+)?(\*|\{[^}]*\})[^\n]*?\sfrom\s/m.test(code) || file.endsWith('/index.ts'))
    )
      found.push(`${file}: a barrel`)
    for (const { what, pattern, where } of ONLY_IN)
      if (pattern.test(code) && !where.test(file)) found.push(`${file}: ${what}`)
    for (const specifier of specifiers(code)) {
      if (specifier.startsWith('.')) {
        const target = resolve(file, specifier)
        if (!tree.has(target)) found.push(`${file}: imports ${specifier}, which is not there`)
        else if (!mayImport(part(file), part(target)))
          found.push(`${file}: imports ${target}, against the direction`)
      } else if (!specifier.startsWith('node:')) {
        const library = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
        if (!MANY_IMPORTERS[library]?.test(file)) {
          const files = importers.get(library) ?? []
          if (!files.includes(file)) importers.set(library, [...files, file])
        }
      }
    }
  }
  for (const [library, files] of importers)
    if (files.length > 1 || library in MANY_IMPORTERS)
      found.push(`${library}: imported by ${files.join(', ')}`)
  return [...found, ...notErrors(tree), ...cycles(tree), ...roomCycles(tree)]
}

/** The folder below `src/`, or the file's own name where it lies in `src/` itself. */
const part = (file: string): string =>
  file.includes('/') ? firstOf(file.split('/')) : file.replace(/\.ts$/, '')

function mayImport(from: string, to: string): boolean {
  if (from === to || from === 'index') return true
  if (to === 'index' || to === 'engine') return false
  if (from === 'engine') return to === 'config' || layer(to) <= layer('anonymizer')
  if (to === 'config') return MAY_IMPORT_CONFIG.includes(from)
  if (from === 'config') return layer(to) <= layer('anonymizer')
  return layer(to) < layer(from)
}

function layer(name: string): number {
  const index = LAYERS.findIndex((names) => names.includes(name))
  return index < 0 ? Number.NaN : index
}

const resolve = (file: string, specifier: string): string =>
  posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts')

const withoutComments = (source: string): string =>
  source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')

/** What a file imports, statically, dynamically or by `require`; of a template literal the part before `${`. */
function specifiers(code: string): string[] {
  const patterns = [
    /\b(?:import|export)\s(?:[^'"`;()]*?\sfrom\s*)?['"]([^'"]+)['"]/g,
    /\b(?:import|require)\(\s*['"`]([^'"`$]+)/g,
  ]
  return patterns.flatMap((pattern) => [...code.matchAll(pattern)].map(([, specifier = '']) => specifier))
}

const BUILT_IN_ERRORS = ['Error', 'TypeError', 'RangeError', 'SyntaxError', 'AggregateError']
// What is thrown, and what a promise or a signal is rejected with. `reject()` and `abort()` have a reason of their own.
const REJECTED = /\b(?:throw\s+|(?:reject|abort)\((?=[^)]))(?:await\s+)?(new\s+\w+|[\w.#]+|\S)/g
const NO_VALUES = new Set(['undefined', 'null', 'true', 'false'])

/** Values that are thrown without being errors: they have no stack, and readers of `message` find nothing. */
function notErrors(tree: SourceTree): string[] {
  const errors = new Set(BUILT_IN_ERRORS)
  const declared: (readonly [name: string, parent: string, file: string])[] = []
  for (const [file, source] of tree)
    for (const [, name = '', parent = ''] of withoutComments(source).matchAll(
      /\bclass\s+(\w+)(?:\s+extends\s+(\w+))?/g,
    ))
      declared.push([name, parent, file])
  for (let before = 0; before < errors.size; ) {
    before = errors.size
    for (const [name, parent] of declared) if (errors.has(parent)) errors.add(name)
  }
  const found = declared
    .filter(([name]) => /(?:Error|Failure|Refusal)$/.test(name) && !errors.has(name))
    .map(([name, , file]) => `${file}: ${name} is not an Error`)
  for (const [file, source] of tree)
    for (const [, thrown = ''] of withoutComments(source).matchAll(REJECTED)) {
      const made = /^new\s+(\w+)/.exec(thrown)?.[1]
      if (made === undefined ? !/^[A-Za-z_$]/.test(thrown) || NO_VALUES.has(thrown) : !errors.has(made))
        found.push(`${file}: throws ${made ?? thrown}, which is not an Error`)
    }
  return found
}

/** Import cycles between files, each named once by its first file. */
function cycles(tree: SourceTree): string[] {
  return circles(imports(tree)).map((trail) => `cycle: ${trail.join(' → ')}`)
}

/**
 * Cycles inside a room, where each of its folders counts as one place: `storage/folder/a.ts` → `storage/open.ts` →
 * `storage/folder/b.ts` is one. So every room has an order in which it can be read, from the bottom up.
 */
function roomCycles(tree: SourceTree): string[] {
  const graph = new Map<string, Set<string>>()
  for (const [file, targets] of imports(tree))
    for (const target of targets) {
      const [from, to] = [place(file), place(target)]
      if (from === to || part(file) !== part(target)) continue
      graph.set(from, (graph.get(from) ?? new Set()).add(to))
    }
  return circles(graph)
    .filter((trail) => trail.some((name) => !name.endsWith('.ts')))
    .map((trail) => `cycle of rooms: ${trail.join(' → ')}`)
}

/** The folder in its room that a file lies in, or the file itself where it lies in the room directly. */
function place(file: string): string {
  const names = file.split('/')
  return names.length > 2 ? names.slice(0, 2).join('/') : file
}

function imports(tree: SourceTree): Map<string, Set<string>> {
  const targets = (file: string, source: string): string[] =>
    specifiers(withoutComments(source))
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => resolve(file, specifier))
  return new Map([...tree].map(([file, source]) => [file, new Set(targets(file, source))]))
}

/** The circles of a graph as trails that end where they begin; each is found once. */
function circles(graph: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const found: string[][] = []
  const state = new Map<string, 'open' | 'done'>()
  const visit = (name: string, trail: readonly string[]): void => {
    if (state.get(name) === 'done') return
    if (state.get(name) === 'open') {
      found.push([...trail.slice(trail.indexOf(name)), name])
      return
    }
    state.set(name, 'open')
    for (const target of graph.get(name) ?? []) visit(target, [...trail, name])
    state.set(name, 'done')
  }
  for (const name of graph.keys()) visit(name, [])
  return found
}
