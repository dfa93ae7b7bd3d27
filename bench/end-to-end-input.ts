import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sharedFolder } from './engine-data.js'

/** Real synthetic patients where they are at hand. */
export function generateInput(out: string, bytes: string): void {
  const real = join(sharedFolder, 'data/r4-synthea')
  const from = existsSync(real) ? ['--multiply', real] : ['--one-file', 'all.ndjson']
  const script = fileURLToPath(new URL('./generate.js', import.meta.url))
  spawnSync(process.execPath, [script, '--out', out, '--bytes', bytes, ...from], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

/** The sample configuration of the original where it is at hand. */
export function configPath(): string {
  const sample = join(sharedFolder, 'golden/r4-sample-config.json')
  return existsSync(sample)
    ? sample
    : fileURLToPath(new URL('../../configs/research-r4.json', import.meta.url))
}
