import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { projectRoot } from '../support/shared.js'

interface Component {
  readonly type: string
  readonly name: string
  readonly version: string
  readonly purl: string
  readonly 'bom-ref': string
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[]
}

interface Bom {
  readonly bomFormat: string
  readonly specVersion: string
  readonly serialNumber: string
  readonly metadata: { readonly timestamp: string; readonly component: Component }
  readonly components: readonly Component[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[]
}

interface Locked {
  readonly version: string
  readonly name?: string
  readonly dev?: boolean
  readonly integrity?: string
}

// The loaders that tap gives its children are not npm's.
const { NODE_OPTIONS: _, ...env } = process.env
const bom = JSON.parse(
  execFileSync('npm', ['run', '--silent', 'sbom'], { cwd: projectRoot, encoding: 'utf8', env }),
) as Bom
const { packages } = JSON.parse(readFileSync(join(projectRoot, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, Locked>>
}
const locked = Object.entries(packages).filter(([path]) => path !== '')
const idOf = ([path, { name, version }]: readonly [string, Locked]): string =>
  `${name ?? path.replace(/^.*node_modules\//, '')}@${version}`
const idsOf = (entries: readonly (readonly [string, Locked])[]): ReadonlySet<string> =>
  new Set(entries.map(idOf))

t.test('the bill of materials is a CycloneDX document about this version', async (t) => {
  const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as Locked
  t.equal(bom.bomFormat, 'CycloneDX')
  t.match(bom.specVersion, /^1\.\d$/)
  t.match(bom.serialNumber, /^urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  t.ok(Number.isFinite(Date.parse(bom.metadata.timestamp)))
  t.match(bom.metadata.component, {
    type: 'application',
    name: 'fhir-sluice',
    purl: `pkg:npm/fhir-sluice@${version}`,
  })
  for (const { name, version: own, purl, type } of bom.components) {
    t.equal(type, 'library', name)
    t.equal(purl, `pkg:npm/${name.replace('@', '%40')}@${own}`)
  }
})

t.test('it lists every production dependency of the lock file and no other', async (t) => {
  const production = idsOf(locked.filter(([, { dev }]) => dev !== true))
  const listed = new Set(bom.components.map(({ name, version }) => `${name}@${version}`))
  t.ok(production.size > 100 && locked.length > production.size + 100, 'the lock file has both kinds')
  t.strictSame([...listed].sort(), [...production].sort())
})

t.test('its digests are those of the lock file', async (t) => {
  const integrity = new Map(locked.map((entry) => [idOf(entry), entry[1].integrity]))
  for (const { name, version, hashes = [] } of bom.components)
    t.equal(
      hashes.map(({ alg, content }) => `${alg} ${content}`).join(),
      `SHA-512 ${Buffer.from((integrity.get(`${name}@${version}`) ?? '').replace('sha512-', ''), 'base64').toString('hex')}`,
      name,
    )
})

t.test('it says what depends on what: every component can be reached from the program', async (t) => {
  const edges = new Map(bom.dependencies.map(({ ref, dependsOn = [] }) => [ref, dependsOn]))
  const reached = new Set<string>()
  const visit = (ref: string): void => {
    if (reached.has(ref)) return
    reached.add(ref)
    for (const next of edges.get(ref) ?? []) visit(next)
  }
  visit(bom.metadata.component['bom-ref'])
  t.strictSame(
    bom.components.map((component) => component['bom-ref']).filter((ref) => !reached.has(ref)),
    [],
  )
})
