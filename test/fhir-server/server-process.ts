import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { CONTROL } from './control.js'
import type { Fault } from './faults.js'
import type { FhirServerOptions } from './options.js'
import type { Figures, SeenRequest } from './request-log.js'
import type { Resource } from './resource.js'

/** A server in a process of its own; what it is asked takes a request to its control endpoint. */
export interface FhirServerProcess {
  readonly base: string
  readonly tokenUrl: string
  requests(): Promise<readonly SeenRequest[]>
  figures(): Promise<Figures>
  resources(): Promise<ReadonlyMap<string, Resource>>
  seed(resources: Iterable<Resource>): Promise<void>
  script(...faults: readonly Fault[]): Promise<void>
  heal(): Promise<void>
  reset(): Promise<void>
  close(): Promise<void>
}

export async function spawnFhirServer(options: FhirServerOptions = {}): Promise<FhirServerProcess> {
  // The loaders that the test runner passes on would only make it slow.
  const { NODE_OPTIONS: _, ...env } = process.env
  const path = fileURLToPath(new URL('process.js', import.meta.url))
  const child = spawn(process.execPath, [path, JSON.stringify(options)], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface(child.stdout)
  const [line] = (await once(lines, 'line')) as [string]
  const { base, tokenUrl } = JSON.parse(line) as { readonly base: string; readonly tokenUrl: string }
  const control = async (name: string, body?: string): Promise<string> => {
    const response = await fetch(new URL(`${CONTROL}${name}`, base), {
      method: body === undefined ? 'GET' : 'POST',
      ...(body !== undefined && { body }),
    })
    if (!response.ok) throw new Error(`the server does not know ${name}`)
    return response.text()
  }
  const parsed = async <T>(name: string): Promise<T> => JSON.parse(await control(name)) as T
  const told = async (name: string, body = ''): Promise<void> => {
    await control(name, body)
  }
  return {
    base,
    tokenUrl,
    requests: () => parsed('requests'),
    figures: () => parsed('figures'),
    async resources() {
      const rows = (await control('resources')).split('\n').filter((row) => row !== '')
      return new Map(
        rows.map((row) => {
          const resource = JSON.parse(row) as Resource
          return [`${resource.resourceType}/${resource.id}`, resource]
        }),
      )
    },
    seed: (resources) => told('seed', [...resources].map((resource) => JSON.stringify(resource)).join('\n')),
    script: (...faults) => told('faults', JSON.stringify(faults)),
    heal: () => told('heal'),
    reset: () => told('reset'),
    async close() {
      const ended = once(child, 'exit')
      child.stdin.end()
      await ended
    },
  }
}
