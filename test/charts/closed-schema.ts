import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { projectRoot } from '../support/shared.js'

type Validate = ((data: unknown) => boolean) & {
  readonly errors?:
    | readonly { readonly instancePath: string; readonly message?: string; readonly keyword: string }[]
    | null
}

const packages = join(projectRoot, 'node_modules')
const kubernetes = (name: string): string =>
  join(packages, 'kubernetes-models', '_schemas', `IoK8sApi${name}.js`)
const prometheus = (kind: string): string =>
  join(packages, '@kubernetes-models', 'prometheus-operator', '_schemas', `MonitoringCoreosComV1${kind}.js`)

/** The published schemas of the kinds that the chart renders. The packages export them only behind their models. */
const SCHEMAS: Readonly<Record<string, string>> = {
  'v1/ConfigMap': kubernetes('CoreV1ConfigMap'),
  'v1/PersistentVolumeClaim': kubernetes('CoreV1PersistentVolumeClaim'),
  'v1/Service': kubernetes('CoreV1Service'),
  'v1/ServiceAccount': kubernetes('CoreV1ServiceAccount'),
  'apps/v1/Deployment': kubernetes('AppsV1Deployment'),
  'batch/v1/CronJob': kubernetes('BatchV1CronJob'),
  'batch/v1/Job': kubernetes('BatchV1Job'),
  'networking.k8s.io/v1/NetworkPolicy': kubernetes('NetworkingV1NetworkPolicy'),
  'monitoring.coreos.com/v1/PodMonitor': prometheus('PodMonitor'),
  'monitoring.coreos.com/v1/PrometheusRule': prometheus('PrometheusRule'),
  'monitoring.coreos.com/v1/ServiceMonitor': prometheus('ServiceMonitor'),
}

/** Whether the schemas are installed. */
export const hasSchemas = (): boolean => Object.values(SCHEMAS).every((path) => existsSync(path))

/**
 * What is wrong with an object by the schema of its kind, unknown members included. The published validators let unknown
 * members pass: they never look at them. So a member that no validator looked at is one that Kubernetes does not know.
 */
export function problemsOf(object: {
  readonly apiVersion: string
  readonly kind: string
}): readonly string[] {
  const name = `${object.apiVersion}/${object.kind}`
  const schema = SCHEMAS[name]
  if (schema === undefined) return [`no schema for ${name}`]
  const { validate } = createRequire(import.meta.url)(schema) as { validate: Validate }
  const watched = watch(object, '')
  const isValid = validate(watched.value)
  const errors = isValid
    ? []
    : (validate.errors ?? []).map((error) => `${error.instancePath}: ${error.message ?? error.keyword}`)
  return [...errors, ...watched.unseen()]
}

interface Watched {
  readonly value: unknown
  unseen(): readonly string[]
}

function watch(value: unknown, path: string): Watched {
  if (typeof value !== 'object' || value === null) return { value, unseen: () => [] }
  const seen = new Set<PropertyKey>()
  const members = new Map<PropertyKey, Watched>()
  const proxy = new Proxy(value, {
    get(target, key, receiver) {
      const member: unknown = Reflect.get(target, key, receiver)
      if (typeof key === 'symbol' || !Object.hasOwn(target, key)) return member
      seen.add(key)
      const known = members.get(key) ?? watch(member, `${path}/${key}`)
      members.set(key, known)
      return known.value
    },
  })
  return {
    value: proxy,
    unseen: () => [
      ...Object.keys(value)
        .filter((key) => !seen.has(key))
        .map((key) => `${path}/${key}: unknown member`),
      ...[...members.values()].flatMap((member) => member.unseen()),
    ],
  }
}
