// The health check of the image, container/health.mjs, against real servers.

import { spawn } from 'node:child_process'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { projectRoot } from '../support/shared.js'
import { startSluice } from '../support/sluice.js'

interface Checked {
  readonly exitCode: number | null
  readonly text: string
}

const check = (url?: string): Promise<Checked> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(projectRoot, 'container', 'health.mjs')], {
      env: url === undefined ? {} : { SLUICE_HEALTH_URL: url },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    child.stdout.on('data', (piece: Buffer) => {
      text += piece.toString()
    })
    child.on('error', reject)
    child.on('close', (exitCode) => resolve({ exitCode, text: text.trim() }))
  })

async function listening(t: Test, server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/healthz`
}

t.test('a server is healthy while it answers, and not once it is gone', async (t) => {
  const folder = t.testdir({ data: { 'Patient.ndjson': '{"resourceType":"Patient","id":"a"}\n' } })
  const words = ['serve', '--data', join(folder, 'data'), '--port', '0']
  const server = startSluice(words)
  const log = await server.saw('"server.listening"')
  const port = /"event":"server\.listening".*?"port":(\d+)/.exec(log)?.[1]
  const url = `http://127.0.0.1:${port}/healthz`
  t.strictSame(await check(url), { exitCode: 0, text: 'status 200' })
  server.child.kill('SIGTERM')
  t.equal((await server.finished).exitCode, 0)
  t.strictSame(await check(url), { exitCode: 1, text: 'no answer: ECONNREFUSED' })
})

t.test('a daemon with a metrics port is healthy while it waits', async (t) => {
  const folder = t.testdir({
    in: { 'Patient.ndjson': '{"resourceType":"Patient","id":"a"}\n' },
    'c.json': '{"fhirVersion":"R4","fhirPathRules":[{"path":"Resource","method":"redact"}]}',
    'p.json': JSON.stringify({
      source: { store: 'in' },
      anonymizer: { config: 'c.json' },
      sink: { store: 'lake' },
      metrics: { port: 0 },
    }),
  })
  const daemon = startSluice(['run', 'p.json', '--daemon'], { cwd: folder })
  t.teardown(() => daemon.child.kill('SIGKILL'))
  const log = await daemon.saw('schedule.waiting')
  const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(log)?.[0] ?? ''
  t.strictSame(await check(`${url}healthz`), { exitCode: 0, text: 'status 200' }, log)
  daemon.child.kill('SIGTERM')
  t.equal((await daemon.finished).exitCode, 0)
})

t.test('a server that refuses or hangs is not healthy', async (t) => {
  const refusing = await listening(
    t,
    createHttpServer((_, response) => response.writeHead(503).end()),
  )
  t.strictSame(await check(refusing), { exitCode: 1, text: 'status 503' })
  const hanging = await listening(
    t,
    createServer((socket) => socket.unref()),
  )
  t.strictSame(await check(hanging), { exitCode: 1, text: 'no answer within 4000 ms' })
})

t.test('a container that serves nothing is healthy, unless a server is configured', async (t) => {
  const closed = createServer()
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
  const { port } = closed.address() as AddressInfo
  await new Promise((resolve) => closed.close(resolve))
  t.equal((await check(`http://127.0.0.1:${port}/healthz`)).exitCode, 1)
  t.strictSame(await check(''), { exitCode: 0, text: 'the health check is off' })
  t.equal((await check('https://127.0.0.1/')).exitCode, 1, 'only http is spoken')
  t.equal((await check('nonsense')).exitCode, 1)
  const unset = await check()
  if (unset.text === 'nothing is served') t.equal(unset.exitCode, 0)
  else t.comment(`something listens on port 8080 of this machine: ${unset.text}`)
})
