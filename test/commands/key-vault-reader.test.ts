import t from 'tap'
import { keyVaultReader } from '../../src/commands/key-vault-reader.js'
import { createRetry } from '../../src/http/retry.js'

t.test(
  'an address that is not that of a secret in a vault is refused before anything is asked',
  async (t) => {
    const read = keyVaultReader(createRetry({}))
    for (const address of ['https://v.example.org/secrets/n', 'https://v.vault.azure.net/keys/n', 'secret'])
      await t.rejects(read(address), { code: 'CONFIG_INVALID', message: /VAULT\.vault\.azure\.net/ }, address)
  },
)
