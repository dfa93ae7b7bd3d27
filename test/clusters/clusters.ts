// `npm run clusters`: installs Slurm, GNU parallel and Nextflow where it can (apt as root, Maven), and runs all tests of
// engines at full length; the one of Spark fetches pyspark itself. What cannot be installed is skipped with a printed reason.

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { NEXTFLOW_CLASSES } from '../support/nextflow.js'
import { projectRoot } from '../support/shared.js'
import { noSlurm } from '../support/slurm.js'

const PACKAGES = ['slurmctld', 'slurmd', 'slurm-client', 'munge', 'parallel']

const succeeds = (command: string, words: readonly string[], env: NodeJS.ProcessEnv = {}): boolean =>
  spawnSync(command, words, { stdio: 'inherit', cwd: projectRoot, env: { ...process.env, ...env } })
    .status === 0

function installPackages(): void {
  const isInstalled = noSlurm() === undefined && existsSync('/usr/bin/parallel')
  if (isInstalled || process.getuid?.() !== 0) return
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const isDone =
    succeeds('apt-get', ['update', '-qq'], env) &&
    succeeds('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...PACKAGES], env)
  if (!isDone) console.log('# Slurm and GNU parallel could not be installed')
}

function fetchNextflow(): void {
  if (existsSync(NEXTFLOW_CLASSES)) return
  const pom = join(projectRoot, 'test', 'clusters', 'nextflow', 'pom.xml')
  const words = [
    '-q',
    '-B',
    '-f',
    pom,
    'dependency:copy-dependencies',
    `-DoutputDirectory=${NEXTFLOW_CLASSES}`,
  ]
  if (!succeeds('mvn', words)) console.log('# Nextflow could not be fetched')
}

installPackages()
fetchNextflow()

const folder = join(projectRoot, 'dist', 'test', 'clusters')
const failed = readdirSync(folder)
  .filter((name) => name.endsWith('.test.js'))
  .filter((name) => {
    console.log(`# ${name}`)
    return !succeeds(process.execPath, [join(folder, name)], { SLUICE_CLUSTERS: 'whole', TAP_TIMEOUT: '600' })
  })
console.log(failed.length === 0 ? '# all engines passed' : `# failed: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
