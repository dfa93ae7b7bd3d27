import { request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ProxyAddress } from './proxy.js'
import { proxyFailure, proxyRefusal } from './proxy-failure.js'
import { FAILED, RequestFailure, requestFailure } from './request-failure.js'
import { userAgent } from './user-agent.js'

type Done = (error: Error | null, socket: Duplex) => void

/** Keeps TLS connections to servers that are reached through a proxy by CONNECT (RFC 9110, 9.3.6). */
export class TunnelAgent extends HttpsAgent {
  /** Each gives up one request to the proxy. */
  readonly #asking = new Set<() => void>()
  readonly #proxy: ProxyAddress
  readonly #timeoutMs: number

  constructor(proxy: ProxyAddress, timeoutMs: number, keepAlive: boolean) {
    super({ keepAlive })
    this.#proxy = proxy
    this.#timeoutMs = timeoutMs
  }

  override createConnection(options: RequestOptions, done?: Done): undefined {
    const { host, port } = options
    const authority = `${host?.includes(':') === true ? `[${host}]` : host}:${port}`
    // Node calls it with an error alone, which its types do not know.
    const connected = done as ((error: Error | null, socket?: Duplex | null) => void) | undefined
    this.#ask(authority)
      .then((socket) => {
        try {
          const secure = super.createConnection({ ...options, socket } as RequestOptions)
          return secure ? this.#encrypted(secure) : secure
        } catch (error) {
          socket.destroy()
          throw error
        }
      })
      .then(
        (socket) => connected?.(null, socket),
        (error: Error) => connected?.(error),
      )
  }

  override destroy(): void {
    for (const giveUp of this.#asking) giveUp()
    super.destroy()
  }

  #ask(authority: string): Promise<Socket> {
    const { host, port, isSecure, authorization } = this.#proxy
    return new Promise((resolve, reject) => {
      const request = (isSecure ? httpsRequest : httpRequest)({
        host,
        port,
        method: 'CONNECT',
        path: authority,
        agent: false,
        headers: {
          host: authority,
          'user-agent': userAgent(),
          ...(authorization === undefined ? {} : { 'proxy-authorization': authorization }),
        },
      })
      // Rejects at once, because a request without a socket emits nothing when it is destroyed.
      const giveUp = (code: string): void => {
        request.destroy()
        refuse(proxyFailure(new RequestFailure({ code })))
      }
      // Limits the whole answer: a proxy that sends a byte now and then is as good as silent.
      const end = this.#limited(giveUp)
      const refuse = (error: RequestFailure): void => {
        end()
        reject(error)
      }
      request.once('connect', ({ statusCode = 0, headers }, socket, head) => {
        end()
        if (statusCode >= 200 && statusCode < 300) {
          if (head.length > 0) socket.unshift(head)
          resolve(socket as Socket)
          return
        }
        socket.destroy()
        refuse(proxyRefusal(statusCode, (name) => headers[name]?.toString()))
      })
      request.on('error', (error) => refuse(proxyFailure(requestFailure(error))))
      request.once('close', () => refuse(proxyFailure(requestFailure({ code: 'ECONNRESET' }))))
      request.end()
    })
  }

  /** Waits for the TLS handshake, which a proxy that only claims to be connected leaves open. */
  #encrypted(socket: Duplex): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      const giveUp = (code: string): void => void socket.destroy(proxyFailure(new RequestFailure({ code })))
      const endLimit = this.#limited(giveUp)
      const end = (): void => {
        endLimit()
        socket.off('error', failed).off('close', closed).off('secureConnect', done)
      }
      const failed = (error: Error): void => {
        end()
        reject(error)
      }
      const closed = (): void => failed(requestFailure({ code: 'ECONNRESET' }))
      const done = (): void => {
        end()
        resolve(socket)
      }
      socket.once('secureConnect', done).once('error', failed).once('close', closed)
    })
  }

  /** Calls `giveUp` at the time limit, or when all tunnels are given up. Returns the function that ends that. */
  #limited(giveUp: (code: string) => void): () => void {
    const cancel = (): void => giveUp(FAILED.aborted)
    const timer = setTimeout(() => giveUp(FAILED.timeout), this.#timeoutMs)
    this.#asking.add(cancel)
    return () => {
      clearTimeout(timer)
      this.#asking.delete(cancel)
    }
  }
}
