// The dashboard and the alerts name only metrics and labels that exist.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { METRICS, type MetricDefinition, PIPELINE_METRICS, SERVER_METRICS } from '../../src/metrics/table.js'
import { projectRoot } from '../support/shared.js'

const textOf = (name: string): string => readFileSync(join(projectRoot, 'charts/sluice/files', name), 'utf8')

/** Labels that Prometheus itself adds in a cluster, and those of buckets. */
const ADDED = ['namespace', 'pod', 'le']
const definitions: readonly MetricDefinition[] = Object.values({
  ...METRICS,
  ...SERVER_METRICS,
  ...PIPELINE_METRICS,
})
const series = new Map(
  definitions.flatMap(({ name, kind, labels }) =>
    (kind === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name]).map(
      (found) => [found, [...labels, ...ADDED]] as const,
    ),
  ),
)

interface Dashboard {
  readonly panels: readonly {
    readonly title: string
    readonly targets?: readonly { readonly expr: string }[]
  }[]
}
interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly expr: string; readonly annotations: object }[]
  }[]
}

const queries = (JSON.parse(textOf('dashboard.json')) as Dashboard).panels.flatMap(
  ({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const),
)
const alerts = (parse(textOf('rules.yaml')) as Rules).groups
  .flatMap(({ rules }) => rules)
  .map(({ alert, expr }) => [alert, expr] as const)

t.test('every metric that the dashboard and the alerts name is in the table', async (t) => {
  t.ok(queries.length > 15 && alerts.length > 5)
  for (const [title, expression] of [...queries, ...alerts]) {
    const names = expression.match(/\bsluice_\w+/g) ?? []
    t.ok(names.length > 0, `${title} names a metric`)
    for (const name of names) t.ok(series.has(name), `${title}: ${name}`)
  }
})

t.test('every label is one of its metric', async (t) => {
  for (const [title, expression] of [...queries, ...alerts]) {
    for (const [, name = '', selectors = ''] of expression.matchAll(/\b(sluice_\w+)\{([^}]*)\}/g))
      for (const [, label = ''] of selectors.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g))
        t.ok(series.get(name)?.includes(label), `${title}: ${name}{${label}}`)
    const known = (expression.match(/\bsluice_\w+/g) ?? []).flatMap((name) => series.get(name) ?? [])
    for (const [, labels = ''] of expression.matchAll(/\bby \(([^)]*)\)/g))
      for (const label of labels.split(/,\s*/)) t.ok(known.includes(label), `${title}: by ${label}`)
  }
})

t.test('every metric of the table has a place on the dashboard', async (t) => {
  const shown = queries.map(([, expression]) => expression).join('\n')
  for (const { name } of definitions) t.match(shown, new RegExp(`\\b${name}`), name)
})
