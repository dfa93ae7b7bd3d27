import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import t from 'tap'
import { projectRoot } from '../support/shared.js'

// It has no types of its own.
const semver = createRequire(import.meta.url)('semver') as {
  satisfies(version: string, range: string): boolean
  minVersion(range: string): { readonly version: string }
}

interface Manifest {
  readonly version: string
  readonly dev?: boolean
  readonly engines?: { readonly node?: string }
  readonly dependencies?: Readonly<Record<string, string>>
  readonly overrides?: object
}

const read = (name: string): unknown => JSON.parse(readFileSync(join(projectRoot, name), 'utf8'))
const manifest = read('package.json') as Manifest
const { packages } = read('package-lock.json') as { readonly packages: Readonly<Record<string, Manifest>> }
const oldest = semver.minVersion(manifest.engines?.node ?? '').version

const refusing = (version: string): string[] =>
  Object.entries(packages).flatMap(([path, { version: own, dev, engines: { node = '*' } = {} }]) =>
    dev === true || semver.satisfies(version, node) ? [] : [`${path} ${own} needs Node ${node}`],
  )

t.test('no production dependency needs a newer Node than the package itself', async (t) => {
  t.equal(oldest, '20.12.0')
  t.strictSame(refusing(oldest), [])
  t.ok(refusing('16.0.0').length > 10, 'ranges are read: Node 16 is refused by many')
})

t.test(
  'users get the same versions: nothing depends on overrides, which only a root package has',
  async (t) => {
    t.equal(manifest.overrides, undefined)
  },
)

t.test('packages that raise their Node in minor or patch releases are pinned to one version', async (t) => {
  for (const [name, range] of Object.entries(manifest.dependencies ?? {}))
    if (/^@(azure|azure-rest|typespec)\//.test(name)) {
      t.match(range, /^\d+\.\d+\.\d+$/, name)
      t.equal(packages[`node_modules/${name}`]?.version, range, `${name} is installed in that version`)
    }
  const unpinned = Object.keys(packages).filter((path) => {
    const name = /^node_modules\/(@(?:azure|azure-rest|typespec)\/(?!msal-)[^/]+)$/.exec(path)?.[1]
    return name !== undefined && packages[path]?.dev !== true && !(name in (manifest.dependencies ?? {}))
  })
  t.strictSame(unpinned, [])
})
