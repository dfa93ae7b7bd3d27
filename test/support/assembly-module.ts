import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import asc from 'assemblyscript/asc'
import { projectRoot } from './shared.js'

/** The part of the WebAssembly interface that TypeScript's libraries for Node lack. */
interface WebAssemblyApi {
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer }
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: object }
}

const { Memory, Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly

/**
 * Compiles AssemblyScript that imports from `./assembly/`, and instantiates it with a memory of `pages` pages of 64 KiB.
 * `host` has what it imports from its host. This takes seconds: once per test file.
 */
export async function assemblyModule<Exports extends object>(
  entry: string,
  pages: number,
  host: Readonly<Record<string, (...values: never[]) => number>> = {},
): Promise<{ readonly exports: Exports; readonly memory: Buffer }> {
  const memory = new Memory({ initial: pages })
  const module = new Module(await compiled(entry))
  const { exports } = new Instance(module, { env: { memory }, host })
  return { exports: exports as Exports, memory: Buffer.from(memory.buffer) }
}

async function compiled(entry: string): Promise<Uint8Array> {
  const outputs = new Map<string, string | Uint8Array>()
  const options = ['entry.ts', '--outFile', 'entry.wasm', ...buildOptions()]
  const { error, stderr } = await asc.main(options, {
    readFile: (name) => (name === 'entry.ts' ? entry : sourceText(name)),
    writeFile: (name, contents) => {
      outputs.set(name, contents)
    },
    listFiles: () => [],
  })
  const bytes = outputs.get('entry.wasm')
  if (error !== null || !(bytes instanceof Uint8Array)) throw error ?? new Error(stderr.toString())
  return bytes
}

/** The options of the build, as arguments. */
function buildOptions(): readonly string[] {
  const { options } = JSON.parse(readFileSync(join(projectRoot, 'assembly/asconfig.json'), 'utf8')) as {
    readonly options: Readonly<Record<string, string | number | true | readonly string[]>>
  }
  return Object.entries(options)
    .filter(([name]) => name !== 'outFile')
    .flatMap(([name, value]) =>
      [value].flat().flatMap((one) => [`--${name}`, ...(one === true ? [] : [`${one}`])]),
    )
}

/** The text of a file, or null if it does not exist: the compiler tries several names. */
function sourceText(name: string): string | null {
  try {
    return readFileSync(join(projectRoot, name), 'utf8')
  } catch {
    return null
  }
}
