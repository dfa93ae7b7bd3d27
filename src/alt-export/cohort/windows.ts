import { sluiceError } from '../../errors.js'
import { inParallel } from '../../pipeline/parallel-work.js'
import type { TypeDefinition } from '../definition.js'
import { type SearchClient, SearchRefusal } from '../search/client.js'
import { searchRequest } from '../search/request.js'

/** A range of `_lastUpdated`: from `since` on, before `until`. Instants in UTC. */
export interface Window {
  readonly since: string | undefined
  readonly until: string
}

interface Counted extends Window {
  readonly sinceMs: number
  readonly untilMs: number
  readonly count: number
}

const COUNTS_AT_ONCE = 8

/** The search for one window, as Microsoft's loader has it. */
export const windowSearch = ({ type, pageCount }: TypeDefinition, window: Window): string =>
  `${type}?_count=${pageCount}${rangeOf(window)}`

const rangeOf = ({ since, until }: Window): string =>
  `${since === undefined ? '' : `&_lastUpdated=ge${since}`}&_lastUpdated=lt${until}`

/**
 * Cuts the time between `since` and `until` into windows of about equal counts, which meet without a gap or an overlap:
 * halves what holds too many resources, then joins neighbours. Throws EXPORT_REFUSED, EXPORT_INVALID and what requests throw.
 */
export async function windowsOf(
  client: SearchClient,
  definition: TypeDefinition & { readonly until: string },
): Promise<readonly Window[]> {
  const { since, until, slices, minSliceSeconds } = definition
  const whole = { since, until }
  if (slices === 1 || since === undefined || Date.parse(since) >= Date.parse(until)) return [whole]
  const count = (window: Window): Promise<number> => countOf(client, definition, window)
  const first = {
    ...whole,
    sinceMs: Date.parse(since),
    untilMs: Date.parse(until),
    count: await count(whole),
  }
  const most = Math.max(1, Math.ceil(first.count / slices))
  let windows: readonly Counted[] = [first]
  for (;;) {
    const next: (readonly Counted[])[] = windows.map((window) => [window])
    const large = windows.flatMap((window, at) => {
      const middleMs =
        window.count > most ? middleOf(window, first.sinceMs, minSliceSeconds * 1000) : undefined
      return middleMs === undefined ? [] : [{ window, at, middleMs }]
    })
    if (large.length === 0) break
    await inParallel(large, COUNTS_AT_ONCE, async ({ window, at, middleMs }) => {
      const middle = new Date(middleMs).toISOString()
      const left = { ...window, until: middle, untilMs: middleMs }
      const leftCount = Math.min(window.count, await count(left))
      const right = { ...window, since: middle, sinceMs: middleMs, count: window.count - leftCount }
      next[at] = [{ ...left, count: leftCount }, right]
    })
    windows = next.flat()
  }
  return joined(windows, most)
}

/** The middle of a window, a whole number of steps from the start; undefined where it is too short to be cut. */
function middleOf({ sinceMs, untilMs }: Counted, startMs: number, stepMs: number): number | undefined {
  const middleMs = startMs + Math.round(((sinceMs + untilMs) / 2 - startMs) / stepMs) * stepMs
  return middleMs > sinceMs && middleMs < untilMs ? middleMs : undefined
}

/** Joins neighbours as long as they hold no more than `most` together. */
function joined(windows: readonly Counted[], most: number): readonly Window[] {
  const result: { since: string | undefined; until: string; count: number }[] = []
  for (const { since, until, count } of windows) {
    const last = result.at(-1)
    if (last !== undefined && last.count + count <= most) {
      last.until = until
      last.count += count
    } else result.push({ since, until, count })
  }
  return result.map(({ since, until }) => ({ since, until }))
}

async function countOf(client: SearchClient, { type }: TypeDefinition, window: Window): Promise<number> {
  const at = `${client.server.base.href}${type} (count)`
  try {
    const text = `${type}?_summary=count${rangeOf(window)}`
    const { total } = await client.ask(searchRequest(client.server.base, text, []), at)
    if (total !== undefined) return total
  } catch (error) {
    if (!(error instanceof SearchRefusal)) throw error
    throw sluiceError('EXPORT_REFUSED', {
      at,
      message: `the server did not return a count: ${error.message}`,
      help: `check the type, or export it in one slice${error.kept}`,
    })
  }
  throw sluiceError('EXPORT_INVALID', {
    at,
    message: 'returns no total for _summary=count',
    help: 'export the type in one slice',
  })
}
