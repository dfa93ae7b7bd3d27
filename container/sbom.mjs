// Prints the software bill of materials (CycloneDX): what package-lock.json installs for production, made by `npm sbom`.
// Its own `--omit=dev` leaves out packages that a development dependency uses as well (npm/cli issue 7909), so npm is
// given the package without its development dependencies instead.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** @param {string} name */
const read = (name) => JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), 'utf8'))
/** @param {object} manifest */
const withoutDev = (manifest) => ({ ...manifest, devDependencies: undefined })

const manifest = read('package.json')
const lock = read('package-lock.json')
const packages = Object.fromEntries(
  Object.entries(lock.packages)
    .filter(([, { dev }]) => dev !== true)
    .map(([path, entry]) => [path, path === '' ? withoutDev(entry) : entry]),
)

const scratch = mkdtempSync(join(tmpdir(), 'sluice-sbom-'))
try {
  // npm names the component after its folder.
  const folder = join(scratch, manifest.name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify(withoutDev(manifest)))
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ ...lock, packages }))
  const words = ['sbom', '--package-lock-only', '--sbom-type=application', '--sbom-format=cyclonedx']
  process.stdout.write(execFileSync('npm', words, { cwd: folder, maxBuffer: 64 * 2 ** 20 }))
} finally {
  rmSync(scratch, { recursive: true })
}
