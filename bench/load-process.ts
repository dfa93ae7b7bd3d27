import { readFileSync } from 'node:fs'
import { Pool } from 'undici'
import { connect } from '../src/fhir-client/connect.js'
import { createPace } from '../src/fhir-client/pace.js'
import { SYSTEM_RETRY_CLOCK } from '../src/http/retry-clock.js'
import type { BundleEntry, LoadBundle } from '../src/load/bundle.js'
import { bundleBody } from '../src/load/send/bundle-body.js'
import { createBundleCutter } from '../src/load/send/bundle-cutter.js'
import { createSender } from '../src/load/send/sender.js'
import { elementAt } from '../test/support/elements.js'
import { costOfThisProcess } from './process-cost.js'

/** What `load.ts` measures: one whole process. */
export interface LoadProcessOptions {
  /** `undici`: bundles that are JSON already, and nothing but requests. `sender`: what `sluice load` sends with. */
  readonly mode: 'undici' | 'sender'
  readonly base: string
  readonly file: string
  /** Entries of a bundle. */
  readonly entries: number
  /** How often the bundles are sent. */
  readonly times: number
  readonly connections: number
  /** Ends after this time, whatever is left. */
  readonly seconds: number
}

/** What the process says besides its cost: of the requests alone. */
export interface LoadProcessResult {
  readonly sendSeconds: number
  readonly sentBytes: number
}

const options = JSON.parse(elementAt(process.argv, 2)) as LoadProcessOptions
const bundles = bundlesOf(readFileSync(options.file))
const begin = options.mode === 'undici' ? withUndici(options) : withSender(options)
const beganMs = performance.now()
const endMs = beganMs + options.seconds * 1000
const sentBytes = await sendAll(begin.send, begin.lanes)
const sendSeconds = (performance.now() - beganMs) / 1000
await begin.close()
process.stdout.write(`${JSON.stringify({ ...costOfThisProcess(), sendSeconds, sentBytes })}\n`)

function bundlesOf(bytes: Buffer): readonly LoadBundle[] {
  const item = { name: options.file, version: '1' }
  const cutter = createBundleCutter({ maxEntries: options.entries })
  const found: LoadBundle[] = []
  let ordinal = 0
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(0x0a, start)
    const line = bytes.subarray(start, end < 0 ? bytes.length : end)
    const { resourceType: type, id } = JSON.parse(line.toString()) as { resourceType: string; id: string }
    const prepared: BundleEntry['prepared'] = {
      entry: { ordinal, offset: start, type, id },
      method: 'PUT',
      url: `${type}/${id}`,
      body: line,
      isRepeatable: true,
    }
    found.push(...cutter.add(item, { kind: 'entry', prepared }))
    ordinal += 1
    start += line.length + 1
  }
  return [...found, ...cutter.rest()]
}

interface Sending {
  readonly lanes: number
  /** Returns the bytes sent. */
  readonly send: (place: number) => Promise<number>
  readonly close: () => Promise<void> | void
}

async function sendAll(send: Sending['send'], lanes: number): Promise<number> {
  const places = Array.from({ length: options.times * bundles.length }, (_, n) => n % bundles.length).values()
  let bytes = 0
  const lane = async (): Promise<void> => {
    for (const place of places) {
      if (performance.now() > endMs) return
      const sent = await send(place)
      bytes += sent
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return bytes
}

function withUndici({ base, connections }: LoadProcessOptions): Sending {
  const { origin, pathname } = new URL(base)
  const pool = new Pool(origin, { connections, pipelining: 1 })
  const bodies = bundles.map((bundle) => bundleBody(bundle))
  const headers = { 'content-type': 'application/fhir+json' }
  return {
    lanes: connections,
    async send(place) {
      const body = elementAt(bodies, place)
      const answer = await pool.request({ path: pathname, method: 'POST', headers, body })
      await answer.body.text()
      return body.length
    },
    close: () => pool.close(),
  }
}

function withSender({ base, connections }: LoadProcessOptions): Sending {
  const server = connect({
    base,
    use: { access: 'write', types: [], refused: 'LOAD_REFUSED', invalid: 'LOAD_INVALID' },
  })
  const pace = createPace({ max: connections, clock: SYSTEM_RETRY_CLOCK })
  const sender = createSender({ server, pace })
  return {
    // Some wait for their turn, and some for the end of a pause.
    lanes: 2 * connections,
    async send(place) {
      let bytes = 0
      await sender.deliver(elementAt(bundles, place), {
        sending: async () => {},
        settle: async (exchange) => {
          bytes += exchange.bytes
        },
      })
      return bytes
    },
    close: () => server.http.close(),
  }
}
