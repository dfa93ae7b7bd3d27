import { createReadStream, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { elementAt } from '../test/support/elements.js'

/** What `serve.ts` measures against: the static file server that everybody writes. Prints its address. */
const folder = elementAt(process.argv, 2)

const server = createServer((request, response) => {
  const path = join(folder, basename(request.url ?? ''))
  response.writeHead(200, { 'content-length': statSync(path).size })
  createReadStream(path).pipe(response)
})

server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`)
})
