import { createReadStream, readdirSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/** What `export.ts` downloads from: a folder of NDJSON as one finished export, in a process of its own. */
const folder = process.argv[2] as string
const hasTags = process.argv[3] !== 'untagged'
const names = readdirSync(folder).sort()
let base = ''

const server = createServer((request, response) => {
  const path = decodeURIComponent(request.url ?? '')
  if (path.includes('$export')) {
    response.writeHead(202, { 'content-location': `${base}/status` }).end()
  } else if (path === '/status') {
    const output = names.map((name) => ({ type: 'Resource', url: `${base}/files/${name}` }))
    const manifest = {
      transactionTime: '2026-11-21T01:00:00Z',
      requiresAccessToken: false,
      output: output.map(({ url }) => ({ url })),
      error: [],
    }
    response.writeHead(request.method === 'DELETE' ? 202 : 200, { 'content-type': 'application/json' })
    response.end(request.method === 'DELETE' ? '' : JSON.stringify(manifest))
  } else {
    const file = join(folder, path.slice('/files/'.length))
    const bytes = statSync(file).size
    response.writeHead(200, {
      'content-type': 'application/fhir+ndjson',
      'content-length': String(bytes),
      ...(hasTags ? { etag: `"${bytes}"` } : {}),
    })
    createReadStream(file, { highWaterMark: 2 ** 20 }).pipe(response)
  }
})
server.listen(0, '127.0.0.1', () => {
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  process.stdout.write(`${base}\n`)
})
