import { sluiceError } from '../errors.js'

const NEEDED = [20, 12] as const

/** Throws SYSTEM_ERROR where Node is older than Sluice needs. Loaded before anything that old versions cannot load. */
export function checkNodeVersion(version: string): void {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return
  throw sluiceError('SYSTEM_ERROR', {
    message: `Node ${version} is too old: Sluice needs Node ${NEEDED.join('.')} or newer`,
    help: 'install a newer Node and run it again',
  })
}
