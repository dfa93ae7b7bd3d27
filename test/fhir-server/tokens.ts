import { randomUUID } from 'node:crypto'
import { type Answer, jsonAnswer } from './answer.js'
import { operationOutcome } from './refusal.js'

/** Gives out tokens that live for some seconds to whoever asks, and knows them again. */
export interface TokenOffice {
  readonly granted: number
  grant(): Answer
  isAlive(authorization: string | undefined): boolean
  /** As if all of them had expired. */
  revokeAll(): void
}

export function createTokenOffice(seconds: number): TokenOffice {
  const expiries = new Map<string, number>()
  let granted = 0
  return {
    get granted() {
      return granted
    },
    grant() {
      granted += 1
      const token = randomUUID()
      expiries.set(`Bearer ${token}`, Date.now() + seconds * 1000)
      const body = { access_token: token, token_type: 'bearer', expires_in: seconds }
      return jsonAnswer(200, body, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    },
    isAlive: (authorization) => (expiries.get(authorization ?? '') ?? 0) > Date.now(),
    revokeAll() {
      expiries.clear()
    },
  }
}

export const unauthorizedAnswer = (): Answer =>
  jsonAnswer(401, operationOutcome('login', 'the token is absent or has expired'), {
    'www-authenticate': 'Bearer error="invalid_token"',
  })
