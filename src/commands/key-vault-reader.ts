import { settleProxies } from '../config/environment/proxy-settings.js'
import type { SecretSources } from '../config/environment/secret-place.js'
import { sluiceError } from '../errors.js'
import type { Retry } from '../http/retry.js'

/** Reads secrets of Azure Key Vault as whoever runs this; loads what it needs when the first one is asked for. */
export function keyVaultReader(retry: Retry): SecretSources['keyVault'] {
  return async (address) => {
    const { parseVaultAddress, readVaultSecret } = await import('../storage/azure/key-vault.js')
    const secret = parseVaultAddress(address)
    if (secret === undefined)
      throw sluiceError('CONFIG_INVALID', {
        at: address,
        message: 'is not the address of a secret in Azure Key Vault',
        help: 'write https://VAULT.vault.azure.net/secrets/NAME',
      })
    settleProxies()
    const { defaultIdentity } = await import('../storage/azure/identity.js')
    return (await readVaultSecret(secret, { identity: defaultIdentity(), retry })).reveal()
  }
}
