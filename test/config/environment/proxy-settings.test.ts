import t from 'tap'
import { readProxies, settleProxies } from '../../../src/config/environment/proxy-settings.js'
import { proxyFor } from '../../../src/http/proxy.js'

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

const CASES: readonly (readonly [env: NodeJS.ProcessEnv, url: string, proxy: object | undefined])[] = [
  [{}, 'https://a.test', undefined],
  [{ HTTPS_PROXY: 'http://p.test:3128' }, 'https://a.test', { host: 'p.test', port: 3128, isSecure: false }],
  [{ HTTPS_PROXY: 'http://p.test:3128' }, 'http://a.test', undefined],
  [{ HTTP_PROXY: 'http://p.test' }, 'http://a.test', { host: 'p.test', port: 80 }],
  [{ HTTP_PROXY: 'http://p.test' }, 'https://a.test', { host: 'p.test', port: 80 }],
  [{ ALL_PROXY: 'http://p.test:1' }, 'http://a.test', { host: 'p.test', port: 1 }],
  [{ ALL_PROXY: 'http://p.test:1', HTTP_PROXY: 'http://q.test:2' }, 'https://a.test', { host: 'p.test' }],
  [{ https_proxy: 'http://low.test', HTTPS_PROXY: 'http://up.test' }, 'https://a.test', { host: 'low.test' }],
  [{ https_proxy: ' ', HTTPS_PROXY: 'http://up.test' }, 'https://a.test', { host: 'up.test' }],
  [{ HTTPS_PROXY: 'p.test:3128' }, 'https://a.test', { host: 'p.test', port: 3128, isSecure: false }],
  [{ HTTPS_PROXY: 'https://p.test' }, 'https://a.test', { host: 'p.test', port: 443, isSecure: true }],
  [{ HTTPS_PROXY: 'http://[2001:db8::1]:8080/' }, 'https://a.test', { host: '2001:db8::1', port: 8080 }],
  [{ HTTPS_PROXY: 'http://u:p%40w%3A@p.test' }, 'https://a.test', { authorization: basic('u:p@w:') }],
  [{ HTTPS_PROXY: 'http://u:100%@p.test' }, 'https://a.test', { authorization: basic('u:100%') }],
  [{ HTTPS_PROXY: 'http://p.test', NO_PROXY: 'a.test' }, 'https://x.a.test', undefined],
  [{ HTTPS_PROXY: 'http://p.test', no_proxy: '*' }, 'https://a.test', undefined],
  [{ HTTPS_PROXY: 'http://p.test' }, 'https://127.0.0.1:1', undefined],
]

for (const [env, url, expected] of CASES)
  t.test(`${JSON.stringify(env)}: ${url}`, async (t) => {
    const proxy = proxyFor(new URL(url), readProxies(env))
    if (expected === undefined) t.equal(proxy, undefined)
    else t.match(proxy, expected)
  })

for (const value of [
  'socks5://CANARY:1',
  'http://',
  'http://CANARY:port',
  'ftp://CANARY',
  'http://u:12/CANARY@p.test:3128',
  'http://u:12?CANARY@p.test:3128',
  'http://u:12#CANARY@p.test:3128',
  '"http://CANARY.test:3128"',
  'CANARY pass word',
])
  t.test(`${value} is refused without being shown`, async (t) => {
    t.throws(() => readProxies({ HTTPS_PROXY: value }), { code: 'CONFIG_INVALID', at: 'HTTPS_PROXY' })
    try {
      readProxies({ HTTPS_PROXY: value })
    } catch (error) {
      t.notMatch(String(error), /CANARY/)
    }
  })

t.test("the Azure SDK comes to the same proxies as Sluice's own requests", async (t) => {
  const { globalNoProxyList, loadNoProxy, getDefaultProxySettings } = await import(
    // @ts-expect-error: not part of what the package exports
    '../../../../node_modules/@typespec/ts-http-runtime/dist/esm/policies/proxyPolicy.js'
  )
  t.ok(globalNoProxyList)
  const seen = (env: NodeJS.ProcessEnv): { host?: string; direct: string[] } => {
    const before = { ...process.env }
    const names = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'NO_PROXY']
    for (const name of names.flatMap((name) => [name, name.toLowerCase()])) delete process.env[name]
    Object.assign(process.env, env)
    settleProxies()
    const result = { host: getDefaultProxySettings()?.host, direct: loadNoProxy() as string[] }
    for (const name of names.flatMap((name) => [name, name.toLowerCase()])) delete process.env[name]
    Object.assign(process.env, before)
    return result
  }
  t.same(seen({}), { host: undefined, direct: [] })
  t.equal(seen({ https_proxy: 'low.test:3128', HTTPS_PROXY: 'http://up.test' }).host, 'http://low.test')
  t.equal(seen({ HTTPS_PROXY: 'http://p.test', NO_PROXY: '*' }).host, undefined)
  const { direct } = seen({
    HTTPS_PROXY: 'http://p.test',
    NO_PROXY: 'a.test, *.b.test, c.test:443, d.test:8443',
  })
  t.notOk(direct.includes('.d.test'), 'a port of its own is not that of Azure')
  for (const entry of ['.a.test', '.b.test', '.c.test', '169.254.169.254', '127.0.0.1', 'localhost'])
    t.ok(direct.includes(entry), entry)
})
