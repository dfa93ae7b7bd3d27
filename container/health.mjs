// The HEALTHCHECK of the image: 0 is healthy, 1 is not. Asks the server of this container, as `sluice serve` and, with
// `metrics.port`, `sluice run --daemon` have one. SLUICE_HEALTH_URL says where; empty turns the check off. Without it,
// the default port of `sluice serve` is asked, and if nothing listens there, the container is one that serves nothing:
// its process is all there is to check.
import { get } from 'node:http'

const { SLUICE_HEALTH_URL: configured } = process.env
const url = configured ?? 'http://127.0.0.1:8080/healthz'
// Shorter than the time that the Dockerfile gives the check.
const TIMEOUT_MS = 4000

/** @param {string} text never what the server answered @param {0 | 1} exitCode */
function end(text, exitCode) {
  console.log(text)
  process.exit(exitCode)
}

if (url === '') end('the health check is off', 0)
if (!URL.canParse(url) || new URL(url).protocol !== 'http:')
  end('SLUICE_HEALTH_URL must be an http address', 1)

setTimeout(() => end(`no answer within ${TIMEOUT_MS} ms`, 1), TIMEOUT_MS)
get(url, { agent: false }, ({ statusCode = 0 }) =>
  end(`status ${statusCode}`, statusCode === 200 ? 0 : 1),
).on('error', (error) => {
  const code = 'code' in error ? error.code : undefined
  if (configured === undefined && code === 'ECONNREFUSED') end('nothing is served', 0)
  end(`no answer: ${code}`, 1)
})
