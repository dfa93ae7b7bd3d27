import { spawnSync } from 'node:child_process'

/** What a process of Node had loaded at its end. */
export interface LoadedModules {
  /** Public modules of Node itself: `net`, `fs/promises`. */
  readonly builtIn: readonly string[]
  /** `file:` URLs of ES modules and CommonJS alike. */
  readonly files: readonly string[]
}

// Resolves are seen in the hooks' own thread, so they are written from there; the last line is the main thread's.
const HOOKS = `
import { writeSync } from 'node:fs'
export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context)
  writeSync(1, resolved.url + '\\n')
  return resolved
}`
const REGISTER = `import { register } from 'node:module'
register(${JSON.stringify(asModule(HOOKS))})`

/** Runs the source of an ES module in `cwd`, in a process of its own, and lists what it had loaded at its end. */
export function loadedBy(source: string, cwd: string): LoadedModules {
  // Writing to stdout the usual way would itself load `net`.
  const print = (lines: string) =>
    `;(await import('node:fs')).writeSync(1, (${lines}).map((line) => line + '\\n').join(''))`
  const builtIn = run(cwd, `${source}${print('process.moduleLoadList')}`, []).flatMap(
    (line) => /^NativeModule ((?!internal\/)\S+)$/.exec(line)?.[1] ?? [],
  )
  const required = `Object.keys((await import('node:module')).createRequire(import.meta.url).cache)`
  const files = run(cwd, `${source}${print(`${required}.map((path) => 'file://' + path)`)}`, [
    '--import',
    asModule(REGISTER),
  ]).filter((line) => line.startsWith('file:'))
  return { builtIn, files: [...new Set(files)].sort() }
}

function run(cwd: string, script: string, flags: readonly string[]): string[] {
  // tap adds its own loaders to the NODE_OPTIONS of every child of a test, whatever environment the test gives it.
  const clean = ['-u', 'NODE_OPTIONS', process.execPath]
  const { status, stdout, stderr } = spawnSync(
    'env',
    [...clean, ...flags, '--input-type=module', '--eval', script],
    { cwd, encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(stderr)
  return stdout.split('\n')
}

function asModule(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`
}
