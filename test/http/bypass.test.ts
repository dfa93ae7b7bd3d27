import t from 'tap'
import { parseBypass } from '../../src/http/bypass.js'

const CASES: readonly (readonly [noProxy: string, direct: readonly string[], proxied: readonly string[]])[] =
  [
    [
      '',
      [
        'http://localhost:1',
        'http://app.localhost',
        'http://127.0.0.1',
        'http://127.8.9.10:99',
        'http://[::1]:8080/fhir',
        'http://169.254.169.254/metadata/identity/oauth2/token',
        'http://[fe80::1]/',
      ],
      ['https://example.org', 'http://128.0.0.1', 'http://localhost.example.org', 'http://[2001:db8::1]/'],
    ],
    ['*', ['https://example.org', 'http://10.0.0.1'], []],
    [
      'example.org',
      ['https://example.org', 'https://EXAMPLE.org', 'https://fhir.example.org', 'https://example.org./'],
      ['https://notexample.org', 'https://example.org.evil.test'],
    ],
    ['.example.org', ['https://fhir.example.org', 'https://example.org'], ['https://notexample.org']],
    ['*.example.org', ['https://a.b.example.org'], ['https://example.com']],
    ['a.test, b.test\tc.test,,', ['https://a.test', 'https://b.test', 'https://c.test'], ['https://d.test']],
    [
      'example.org:8443',
      ['https://example.org:8443'],
      ['https://example.org', 'http://example.org:844', 'https://example.org:443'],
    ],
    ['example.org:443', ['https://example.org'], ['http://example.org']],
    ['10.0.0.0/8', ['http://10.1.2.3', 'https://10.255.255.255:9'], ['http://11.0.0.1', 'http://ten.test']],
    ['192.168.7.4', ['http://192.168.7.4'], ['http://192.168.7.5']],
    ['2001:db8::/32,[fd00::1]:81', ['http://[2001:db8:1::2]', 'http://[fd00::1]:81'], ['http://[fd00::1]']],
    ['10.0.0.0/99,10.0.0.0/x,/,:80,[', [], ['http://10.0.0.1', 'https://example.org']],
  ]

for (const [noProxy, direct, proxied] of CASES)
  t.test(`NO_PROXY=${JSON.stringify(noProxy)}`, async (t) => {
    const bypass = parseBypass(noProxy)
    for (const address of direct) t.ok(bypass(new URL(address)), `${address} is reached directly`)
    for (const address of proxied) t.notOk(bypass(new URL(address)), `${address} goes through the proxy`)
  })
