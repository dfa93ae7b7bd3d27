import { readFileSync } from 'node:fs'

/** The functions that the module imports, as `assembly/host.ts` describes them. */
export interface WalkHost {
  start(from: number, to: number, kind: number): number
  edge(at: number): void
  table(edge: number): number
  variant(choice: number, mask: number): number
  verdict(element: number, systemFrom: number, systemTo: number, codeFrom: number, codeTo: number): number
  criterion(number: number, at: number): number
  method(edge: number, from: number, to: number): number
  replacementLength(): number
  replacement(at: number): void
  days(rule: number): number
  daysOfDigits(at: number): number
  daysOfPatient(from: number, to: number): number
  codings(records: number): number
  label(from: number, to: number, end: number, records: number): number
}

interface Global {
  readonly value: number
}

/** What the module exports (`assembly/walk.ts`). */
export interface WalkExports {
  initialize(settings: number): void
  begin(from: number, end: number, out: number): void
  walk(from: number, out: number): number
  settleHashes(): void
  readonly heapBase: Global
  readonly lines: Global
  readonly blank: Global
  readonly delivered: Global
  readonly next: Global
  readonly output: Global
  readonly lineStart: Global
  readonly rootAt: Global
  readonly rootStart: Global
  readonly ownerAt: Global
  readonly ownerStart: Global
  readonly depthOfResource: Global
  readonly rootDigitsAt: Global
}

export interface WalkMemory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}

/** The part of the WebAssembly interface that TypeScript's libraries for Node lack. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Memory: new (limits: { readonly initial: number }) => WalkMemory
  readonly Instance: new (
    module: object,
    imports: Readonly<Record<string, object>>,
  ) => { readonly exports: object }
}

const api = (globalThis as unknown as { readonly WebAssembly?: WebAssemblyApi }).WebAssembly

/** Whether this process can run the walk: `--jitless` takes WebAssembly away. */
export const hasWebAssembly = api !== undefined

export const PAGE_BYTES = 64 * 1024

let compiled: object | undefined

/** Makes an instance with a memory of its own. The module is compiled once per thread. */
export function instantiateWalk(
  pages: number,
  host: WalkHost,
): { readonly memory: WalkMemory; readonly exports: WalkExports } {
  if (api === undefined) throw new Error('WebAssembly is switched off')
  compiled ??= new api.Module(readFileSync(new URL('./walk.wasm', import.meta.url)))
  const memory = new api.Memory({ initial: pages })
  const { exports } = new api.Instance(compiled, { env: { memory }, host })
  return { memory, exports: exports as WalkExports }
}
