/** How many requests may begin in a second; no limit until the server refuses one. */
export interface PaceRate {
  /** When the next request may begin. */
  readonly nextMs: number
  began(nowMs: number): void
  succeeded(): void
  throttled(refusal: Refusal): void
}

interface Refusal {
  readonly beganMs: number
  readonly nowMs: number
  /** What the server asks to wait, 0 if it does not say. */
  readonly askedMs: number
  /** The part of the request that was done nevertheless. */
  readonly doneShare: number
}

// Requests a second.
const FIRST_RATE = 2
const MIN_RATE = 0.5
const HELD = 0.98
const MIN_HOLD_MS = 1000
const MAX_HOLD_MS = 60_000
const APPROACH_MS = 1000
// How late a request may begin so that the following ones make up for it: timers are late by a millisecond or more.
const LAG_MS = 10
// A request that begins so late does not use the rate.
const MIN_UNUSED_MS = 50

/**
 * What a server let through between two refusals is its rate, however much it saves up for a burst. The rate stays just
 * below the last one that was refused (the ceiling), and goes beyond it after a while: slowly at first, then faster. The
 * while is four times as long each time the ceiling proves to be right, since a refusal may cost a second of waiting.
 */
export function createPaceRate(startMs: number): PaceRate {
  let perSecond = Number.POSITIVE_INFINITY
  let ceiling = Number.POSITIVE_INFINITY
  let found = ceiling
  let nextMs = Number.NEGATIVE_INFINITY
  let refusedMs = startMs
  let holdFromMs = startMs
  let holdMs = MIN_HOLD_MS
  let grownMs = startMs
  let successes = 0

  /** Only a rate that is used is raised: what lies beyond has not been tried. */
  const grow = (nowMs: number): void => {
    const passedMs = Math.min(nowMs - grownMs, Math.max(1000, 1000 / perSecond))
    grownMs = nowMs
    if (nowMs - nextMs > Math.max(MIN_UNUSED_MS, 1000 / perSecond)) return
    const probedMs = nowMs - holdFromMs - holdMs
    if (probedMs > 0) {
      const firstGrowth = holdMs === MIN_HOLD_MS ? 0.04 : 0.01
      const growth = Math.min(1, firstGrowth * 2 ** (probedMs / 2000))
      ceiling *= (1 + growth) ** (passedMs / 1000)
    }
    const target = HELD * ceiling
    if (perSecond < target) perSecond += (target - perSecond) * (1 - Math.exp(-passedMs / APPROACH_MS))
  }

  const lower = (passedMs: number): void => {
    const measured = (successes * 1000) / Math.max(1, passedMs)
    if (perSecond === Number.POSITIVE_INFINITY) {
      ceiling = measured > 0 ? measured : FIRST_RATE
      found = ceiling
      perSecond = HELD * ceiling
      return
    }
    // A server that saves up for a burst lets through its rate between two refusals; one that does not lets through
    // less, because of the wait after the first, but refuses at its rate.
    const least = Math.max(measured, perSecond / 4)
    const next = Math.max(MIN_RATE, Math.sqrt(least * perSecond))
    const isConfirmed = successes > 0 && Math.abs(next / found - 1) < 0.15
    holdMs = isConfirmed ? Math.min(MAX_HOLD_MS, holdMs * 4) : MIN_HOLD_MS
    ceiling = next
    found = next
    perSecond = Math.max(MIN_RATE, Math.min(HELD * next, least))
  }

  return {
    get nextMs() {
      return nextMs
    },
    began(nowMs) {
      if (perSecond === Number.POSITIVE_INFINITY) return
      grow(nowMs)
      nextMs = Math.max(nextMs, nowMs - LAG_MS) + 1000 / perSecond
    },
    succeeded() {
      successes += 1
    },
    throttled({ beganMs, nowMs, askedMs, doneShare }) {
      successes += doneShare
      // Requests that began before the last refusal belong to it.
      if (beganMs < refusedMs) return
      // A server that is closed and says until when says nothing about its rate.
      if (successes > 0 || askedMs === 0) lower(nowMs - refusedMs)
      successes = 0
      refusedMs = nowMs
      holdFromMs = nowMs + askedMs
      grownMs = nowMs + askedMs
      if (perSecond !== Number.POSITIVE_INFINITY) nextMs = Math.max(nextMs, nowMs + askedMs)
    },
  }
}
