// A server in a process of its own: `node process.js '{"latencyMs":5}'` prints its base address as one line of JSON and
// ends with its standard input. So that the process under test can be killed, or measured alone.

import type { FhirServerOptions } from './options.js'
import { startFhirServer } from './server.js'

const server = await startFhirServer(JSON.parse(process.argv[2] ?? '{}') as FhirServerOptions)
console.log(JSON.stringify({ base: server.base, tokenUrl: server.tokenUrl }))
process.stdin.resume()
process.stdin.once('end', () => process.exit(0))
