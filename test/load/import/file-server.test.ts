import { request } from 'node:http'
import t from 'tap'
import { serveFiles } from '../../../src/load/import/file-server.js'
import { folderSource } from '../../../src/storage/folder/folder.js'

const TEXT = '0123456789'

async function ask(url: string, headers: Record<string, string> = {}, method = 'GET') {
  const {
    statusCode,
    headers: got,
    text,
  } = await new Promise<{
    statusCode: number | undefined
    headers: Readonly<Record<string, string | string[] | undefined>>
    text: string
  }>((resolve, reject) => {
    request(url, { method, headers }, (answer) => {
      let text = ''
      answer.on('data', (data) => {
        text += data
      })
      answer.on('end', () => resolve({ statusCode: answer.statusCode, headers: answer.headers, text }))
    })
      .on('error', reject)
      .end()
  })
  return {
    status: statusCode,
    text,
    range: got['content-range'],
    length: got['content-length'],
    headers: got,
  }
}

t.test('the staged files of the import are served, whole or in part, and nothing else', async (t) => {
  const folder = t.testdir({ secret: { 'a.ndjson': TEXT, 'b.ndjson': 'other' } })
  const names = new Set(['secret/a.ndjson', 'secret/gone.ndjson'])
  const server = await serveFiles({ host: '127.0.0.1', port: 0, source: folderSource(folder), names })
  t.teardown(() => server.close())
  const url = server.urlOf('secret/a.ndjson')
  t.match(await ask(url), { status: 200, text: TEXT, length: '10' })
  t.match((await ask(url)).headers, { 'content-type': 'application/fhir+ndjson', 'accept-ranges': 'bytes' })
  t.match(await ask(url, {}, 'HEAD'), { status: 200, text: '', length: '10' })
  t.match(await ask(url, {}, 'PUT'), { status: 405 })
  const ranges: readonly (readonly [string, number, string, string?])[] = [
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
    ['bytes=10-', 416, '', 'bytes */10'],
    ['bytes=-0', 416, '', 'bytes */10'],
    ['bytes=0-1,3-4', 200, TEXT],
    ['bytes=4-2', 200, TEXT],
    ['lines=1-2', 200, TEXT],
  ]
  for (const [range, status, text, contentRange] of ranges)
    t.match(await ask(url, { range }), { status, text, range: contentRange }, range)
  const etag = String((await ask(url)).headers.etag)
  t.match(await ask(url, { range: 'bytes=2-4', 'if-range': etag }), { status: 206 })
  t.match(await ask(url, { range: 'bytes=2-4', 'if-range': '"other"' }), { status: 200 })
  for (const name of ['secret/b.ndjson', 'secret/gone.ndjson', 'secret', '', '../x', 'secret/a.ndjson?x'])
    t.match(await ask(server.urlOf(name)), { status: 404, text: '' }, name)
})

t.test('an address that is taken is an error that says what to do', async (t) => {
  const source = folderSource(t.testdir())
  const first = await serveFiles({ host: '127.0.0.1', port: 0, source, names: new Set() })
  t.teardown(() => first.close())
  await t.rejects(serveFiles({ host: '127.0.0.1', port: first.port, source, names: new Set() }), {
    code: 'USAGE',
    message: /EADDRINUSE.*--serve-at/,
  })
})
