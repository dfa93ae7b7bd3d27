import { type ErrorCode, sluiceError } from '../../src/errors.js'
import type { Sink, Source } from '../../src/storage/store.js'

/** `refused` and `full`: not done, and an error. `answer lost`: done, and yet an error. */
export type StoreFault = 'refused' | 'full' | 'answer lost'

export interface Call {
  /** From 1, over all calls of source and sink. */
  readonly nth: number
  /** `source.open`, `source.open.read`, `sink.item.append`, `sink.state.write`, `sink.state.lock.unlock` … */
  readonly operation: string
}

/** A source and a sink whose calls may fail. */
export interface FaultyStore {
  readonly source: Source
  readonly sink: Sink
  readonly calls: readonly Call[]
  /** Bytes that were appended to outputs. */
  readonly appendedBytes: number
}

/**
 * Wraps both, so that each call of theirs, of what they open and of their state does what the plan says. A failing
 * call throws SOURCE_UNREADABLE, or SINK_UNWRITABLE or SINK_FULL. What the plan does itself happens before the call.
 */
export function faultyStore(
  { source, sink }: { readonly source: Source; readonly sink: Sink },
  plan: (call: Call) => StoreFault | undefined = () => undefined,
): FaultyStore {
  const calls: Call[] = []
  let appendedBytes = 0

  const called = async <T>(operation: string, act: () => Promise<T>): Promise<T> => {
    const call = { nth: calls.length + 1, operation }
    calls.push(call)
    const fault = plan(call)
    // A handle is closed in any case: the test has many.
    if (fault === undefined) return act()
    if (fault !== 'answer lost' && !operation.endsWith('.close')) throw failure(operation, fault)
    const result = await act()
    await (result as { close?: () => Promise<void> } | undefined)?.close?.()
    throw failure(operation, fault)
  }

  const wrap = <T extends object>(target: T, path: string): T =>
    new Proxy(target, {
      get(object, key) {
        const value: unknown = Reflect.get(object, key, object)
        const operation = `${path}.${String(key)}`
        if (key === 'state') return wrap(value as object, operation)
        if (typeof value !== 'function') return value
        if (key === 'list') return (report: never) => listed(object as unknown as Source, report)
        // What is only known, not asked for.
        if (SYNCHRONOUS.has(operation)) return value.bind(object)
        return (...args: readonly unknown[]) => {
          const act = (): unknown => Reflect.apply(value, object, args)
          if (key === 'item') return wrap(act() as object, operation)
          if (key === 'append' && path === 'sink.item') appendedBytes += bytesOf(args[0] as Uint8Array[])
          const result = called(operation, async () => act())
          return OPENING.has(key) ? result.then((opened) => wrapOpened(opened, operation)) : result
        }
      },
    })

  const wrapOpened = (opened: unknown, operation: string): unknown =>
    typeof opened === 'function'
      ? () => called(`${operation}.unlock`, async () => opened())
      : wrap(opened as object, operation)

  async function* listed(of: Source, report: never) {
    await called('source.list', async () => {})
    for await (const item of of.list(report)) {
      await called('source.list.next', async () => {})
      yield item
    }
  }

  return {
    source: wrap(source, 'source'),
    sink: wrap(sink, 'sink'),
    calls,
    get appendedBytes() {
      return appendedBytes
    },
  }
}

const SYNCHRONOUS: ReadonlySet<string> = new Set(['sink.state.epoch', 'sink.item.digest', 'sink.nameFault'])

// What these give has calls of its own.
const OPENING: ReadonlySet<PropertyKey> = new Set(['open', 'appender', 'lock'])

const bytesOf = (pieces: readonly Uint8Array[]): number =>
  pieces.reduce((sum, piece) => sum + piece.length, 0)

function failure(operation: string, fault: StoreFault): Error {
  const blame = operation.startsWith('source') ? 'source' : 'sink'
  const sinkCode: ErrorCode = fault === 'full' ? 'SINK_FULL' : 'SINK_UNWRITABLE'
  const code = blame === 'source' ? 'SOURCE_UNREADABLE' : sinkCode
  return sluiceError(code, { message: `fails for the test (${operation})` })
}
