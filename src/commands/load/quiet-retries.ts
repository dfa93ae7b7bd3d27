import type { ShownEvent } from '../display/run-display.js'

const EVERY_MS = 5000

/**
 * Passes events on, but of requests that are tried again at most one in five seconds for each server: while it is away,
 * every request under way is tried again. `requestCount` is the number since the last one.
 */
export function quietRetries(
  show: (event: ShownEvent) => void,
  nowMs: () => number = () => performance.now(),
): (event: ShownEvent) => void {
  const servers = new Map<string, { shownMs: number; count: number }>()
  return (event) => {
    if (event.event !== 'request.retried') return show(event)
    const origin = originOf(event.item)
    const server = servers.get(origin) ?? { shownMs: Number.NEGATIVE_INFINITY, count: 0 }
    servers.set(origin, server)
    server.count += 1
    if (nowMs() - server.shownMs < EVERY_MS) return
    show({ ...event, item: origin, requestCount: server.count })
    server.shownMs = nowMs()
    server.count = 0
  }
}

const originOf = (item = ''): string => (URL.canParse(item) ? new URL(item).origin : item)
