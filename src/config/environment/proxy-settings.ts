import { sluiceError } from '../../errors.js'
import { parseBypass } from '../../http/bypass.js'
import type { ProxyAddress, ProxySettings } from '../../http/proxy.js'

/**
 * Reads `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, each also in lower case, which has precedence, and
 * settles them for Azure's SDK. Throws CONFIG_INVALID, which names the variable and never its content: it may hold a
 * password.
 */
export function readProxies(env: NodeJS.ProcessEnv = process.env): ProxySettings {
  const all = addressOf(env, 'ALL_PROXY')
  const http = addressOf(env, 'HTTP_PROXY') ?? all
  const https = addressOf(env, 'HTTPS_PROXY') ?? all ?? http
  const bypass = parseBypass(textIn(env, 'NO_PROXY') ?? '')
  settleProxies(env)
  return { http: http && proxyAt(http), https: https && proxyAt(https), bypass }
}

/**
 * Azure's SDK reads the same variables by rules of its own. Settles them so that it comes to the same proxy for the
 * same hosts, and does not ask a proxy for the identity of this machine. Throws CONFIG_INVALID.
 */
export function settleProxies(env: NodeJS.ProcessEnv = process.env): void {
  const all = addressOf(env, 'ALL_PROXY')
  const proxy = addressOf(env, 'HTTPS_PROXY') ?? all ?? addressOf(env, 'HTTP_PROXY')
  if (proxy === undefined) return
  const names = (textIn(env, 'NO_PROXY') ?? '').split(/[\s,]+/).filter((name) => name !== '')
  if (names.includes('*')) {
    for (const name of ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY'])
      for (const spelling of [name, name.toLowerCase()]) delete env[spelling]
    return
  }
  env.HTTPS_PROXY = proxy.href
  // It takes a name as that host alone, knows `.name` only for all below it, and no ports: its own are 443.
  const hosts = names.map((name) => name.replace(/:443$/, '')).filter((name) => !name.includes(':'))
  const below = hosts.filter((name) => /[a-z]/i.test(name)).map((name) => name.replace(/^\*?\.?/, '.'))
  env.NO_PROXY = [...new Set([...names, ...below, ...THIS_MACHINE])].join(',')
}

const THIS_MACHINE = ['localhost', '127.0.0.1', '[::1]', '169.254.169.254']

const textIn = (env: NodeJS.ProcessEnv, name: string): string | undefined =>
  env[name.toLowerCase()]?.trim() || env[name]?.trim() || undefined

function addressOf(env: NodeJS.ProcessEnv, name: string): URL | undefined {
  const text = textIn(env, name)
  if (text === undefined) return undefined
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  const url = URL.canParse(address) ? new URL(address) : undefined
  // Anything after the host is the rest of a password with a slash, `?` or `#` in it; its start was taken for the host.
  const isWhole = url !== undefined && url.pathname === '/' && url.search === '' && url.hash === ''
  if (isWhole && (url.protocol === 'http:' || url.protocol === 'https:')) return url
  throw sluiceError('CONFIG_INVALID', {
    at: name,
    message: `${name} must be the address of an HTTP proxy, http://[NAME:PASSWORD@]HOST:PORT, with special characters of NAME and PASSWORD percent-encoded; SOCKS proxies are not supported`,
  })
}

function proxyAt(url: URL): ProxyAddress {
  const isSecure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port === '' ? (isSecure ? 443 : 80) : Number(url.port)
  if (url.username === '' && url.password === '') return { host, port, isSecure }
  const credentials = Buffer.from(`${decoded(url.username)}:${decoded(url.password)}`)
  return { host, port, isSecure, authorization: `Basic ${credentials.toString('base64')}` }
}

/** A lone `%` in a password is taken as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
