import { createHmac } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, request as requestOf } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { LOOPBACK_TLS } from './loopback-tls.js'

export interface HierarchicalStub {
  /** `https://127.0.0.1:port`. */
  readonly url: string
  /** Every SAS of a directory that came, with what it was used for. */
  readonly seen: readonly { readonly use: string; readonly sas: URLSearchParams; readonly status: number }[]
}

/**
 * What Azurite lacks of a hierarchical account, in front of an Azurite that has the rest: it says that it is one, and
 * judges the SAS of directories by the documentation ("Create a user delegation SAS", version 2020-12-06).
 */
export async function startHierarchicalStub(t: Test, azuriteUrl: string): Promise<HierarchicalStub> {
  const seen: { use: string; sas: URLSearchParams; status: number }[] = []
  let delegationKey = ''
  const server = createServer(LOOPBACK_TLS, (incoming, outgoing) => {
    const url = new URL(incoming.url ?? '/', azuriteUrl)
    if (url.searchParams.get('sr') !== 'd') {
      forward(incoming, outgoing, url, (text) => {
        delegationKey = /<Value>(.*?)<\/Value>/.exec(text)?.[1] ?? delegationKey
      })
      return
    }
    incoming.resume()
    const isListing = url.searchParams.get('resource') === 'filesystem'
    const use = isListing ? 'list' : String(incoming.method)
    const status = judge(url, use, delegationKey)
    seen.push({ use, sas: url.searchParams, status })
    outgoing.writeHead(status, status === 403 ? { 'x-ms-error-code': 'AuthorizationFailure' } : {})
    outgoing.end(isListing ? '{"paths":[]}' : '{')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

function judge({ pathname, searchParams: sas }: URL, use: string, key: string): number {
  const [account, container, ...path] = pathname.slice(1).split('/').map(decodeURIComponent)
  const asked = use === 'list' ? (sas.get('directory') ?? '').split('/') : path
  const directory = asked.slice(0, Number(sas.get('sdd')))
  const field = (name: string): string => sas.get(name) ?? ''
  const stringToSign = [
    field('sp'),
    field('st'),
    field('se'),
    `/blob/${account}/${container}/${directory.join('/')}`,
    field('skoid'),
    field('sktid'),
    field('skt'),
    field('ske'),
    field('sks'),
    field('skv'),
    '', // signedAuthorizedUserObjectId
    '', // signedUnauthorizedUserObjectId
    '', // signedCorrelationId
    field('sip'),
    field('spr'),
    field('sv'),
    field('sr'),
    '', // signedSnapshotTime
    '', // signedEncryptionScope
    field('rscc'),
    field('rscd'),
    field('rsce'),
    field('rscl'),
    field('rsct'),
  ].join('\n')
  const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(stringToSign).digest('base64')
  const needs = { GET: 'r', list: 'l', PUT: 'w', DELETE: 'd' }[use] ?? '?'
  const isValid = Date.parse(field('st')) <= Date.now() && Date.now() < Date.parse(field('se'))
  const isFromHere = ['', '127.0.0.1'].includes(field('sip'))
  if (signature !== field('sig') || !isValid || !isFromHere || !field('sp').includes(needs)) return 403
  return use === 'GET' ? 206 : 200
}

function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  url: URL,
  look: (text: string) => void,
): void {
  const { method, headers } = incoming
  const onward = requestOf(url, { method, headers, rejectUnauthorized: false }, (answer) => {
    const isAboutAccount = url.searchParams.get('restype') === 'account'
    outgoing.writeHead(answer.statusCode ?? 500, {
      ...answer.headers,
      ...(isAboutAccount ? { 'x-ms-is-hns-enabled': 'true' } : {}),
    })
    if (url.searchParams.get('comp') === 'userdelegationkey') answer.on('data', (data) => look(String(data)))
    answer.pipe(outgoing)
  })
  onward.on('error', () => outgoing.destroy())
  incoming.pipe(onward)
}
