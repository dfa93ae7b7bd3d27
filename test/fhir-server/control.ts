import type { IncomingMessage, ServerResponse } from 'node:http'
import { exactText } from './exact-json.js'
import type { Fault } from './faults.js'
import type { Resource } from './resource.js'
import type { TestFhirServer } from './server.js'

/** What a server in a process of its own is told and asked at `/control/…`. */
export const CONTROL = '/control/'

/** `GET requests`, `figures`, `resources` (NDJSON); `POST faults`, `heal`, `seed` (NDJSON) and so on. */
export async function control(
  server: TestFhirServer,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  const done = commandOf(server, name)?.(Buffer.concat(chunks).toString())
  response.statusCode = done === undefined ? 404 : 200
  response.end(done)
}

function commandOf(server: TestFhirServer, name: string): ((body: string) => string) | undefined {
  const commands: Readonly<Record<string, (body: string) => string>> = {
    requests: () => JSON.stringify(server.requests),
    figures: () => JSON.stringify(server.figures()),
    resources: () => [...server.resources().values()].map((resource) => `${exactText(resource)}\n`).join(''),
    seed: (body) => doing(() => server.seed(linesOf(body))),
    faults: (body) => doing(() => server.script(...(JSON.parse(body) as Fault[]))),
    heal: () => doing(() => server.heal()),
    'revoke-tokens': () => doing(() => server.revokeTokens()),
    'forget-requests': () => doing(() => server.forgetRequests()),
    reset: () => doing(() => server.reset()),
  }
  return Object.hasOwn(commands, name) ? commands[name] : undefined
}

function doing(work: () => void): string {
  work()
  return '{}'
}

const linesOf = (body: string): readonly Resource[] =>
  body.split('\n').flatMap((line) => (line === '' ? [] : (JSON.parse(line) as Resource)))
