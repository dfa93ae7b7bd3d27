import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { packageVersion } from '../src/version.js'
import { projectRoot } from './support/shared.js'

t.test('the version is that of the package', async (t) => {
  const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
    version: string
  }
  t.equal(packageVersion(), version)
})
