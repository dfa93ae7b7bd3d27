// Holds src/server/http/http.ts.

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import { HTTP_LIMITS, serveHttp } from '../../../src/server/http/http.js'
import { downloadAnswer } from '../../../src/server/routes/download.js'
import { folderSource } from '../../../src/storage/folder/folder.js'
import type { Source, SourceReader } from '../../../src/storage/store.js'
import { outcomeText } from '../provider.js'

const NAME = 'Patient.ndjson'
// More than streams hold ahead, also when it is compressed.
const TEXT = `${randomBytes(2 << 20).toString('hex')}\n`

/** Files that open when they are told to; knows the readers that are open. */
function slowSource(folder: string) {
  const files = folderSource(folder)
  const state = { open: new Set<SourceReader>(), openedCount: 0, openNow: (): void => undefined }
  const mayOpen = new Promise<void>((resolve) => {
    state.openNow = resolve
  })
  const source: Source = {
    ...files,
    async open(item, fromByte) {
      await mayOpen
      const reader = await files.open(item, fromByte)
      state.open.add(reader)
      state.openedCount += 1
      return {
        read: (target) => reader.read(target),
        verify: () => reader.verify(),
        close: () => {
          state.open.delete(reader)
          return reader.close()
        },
      }
    },
  }
  return { source, state }
}

for (const encoding of ['identity', 'gzip'])
  t.test(`a download (${encoding}) that begins too late lets go of its file`, async (t) => {
    const folder = t.testdir({ [NAME]: TEXT })
    const { source, state } = slowSource(folder)
    const item = await folderSource(folder).head(NAME)
    if (item === undefined) throw new Error(`no ${join(folder, NAME)}`)
    let endCount = 0
    const watch = {
      onBytes: () => undefined,
      onEnd: () => {
        endCount += 1
      },
      onEvent: () => undefined,
    }
    const server = await serveHttp({
      host: '127.0.0.1',
      port: 0,
      routes: [
        {
          method: 'GET',
          path: '/file',
          name: 'file',
          handle: (request) =>
            downloadAnswer({ source, item, isGzip: false, bytes: item.bytes }, request, watch),
        },
      ],
      limits: { ...HTTP_LIMITS, answerTimeoutMs: 50 },
      hosts: { baseUrl: () => 'http://localhost', names: [] },
      isTrustedProxy: () => false,
      onDone: () => undefined,
      onFailure: () => undefined,
    })
    t.teardown(() => server.close(100))
    const response = await fetch(`http://127.0.0.1:${server.port}/file`, {
      headers: { 'accept-encoding': encoding },
    })
    t.equal(response.status, 503)
    await outcomeText(response)
    state.openNow()
    for (let look = 0; look < 250 && (endCount === 0 || state.open.size > 0); look++)
      await new Promise((resolve) => setTimeout(resolve, 20))
    t.equal(state.openedCount, 1)
    t.equal(state.open.size, 0, 'the reader is closed')
    t.ok(endCount > 0, 'the export may expire')
  })
