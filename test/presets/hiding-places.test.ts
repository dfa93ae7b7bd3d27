import t from 'tap'
import { HIDING_PLACES } from './hiding-places.js'
import { loadPreset, PRESETS } from './preset.js'

for (const { name, version } of PRESETS)
  t.test(`${name}: nothing survives in any of the known hiding places`, async (t) => {
    const preset = await loadPreset(name)
    for (const { what, resource, secrets, only, r4 } of HIDING_PLACES) {
      if (only !== undefined && !name.startsWith(only)) continue
      if (r4 && version !== 'R4') continue
      const line = JSON.stringify(resource)
      for (const secret of secrets) if (!line.includes(secret)) t.fail(`${what}: the test hides no ${secret}`)
      const out = withoutHashes(preset.anonymize(line))
      const found = secrets.filter((secret) => out.includes(secret))
      t.same(found, [], what)
    }
  })

/** Three digits occur in a hash by chance, and labels are ours. */
const withoutHashes = (json: string): string =>
  json.replace(/[0-9a-f]{64}/g, '').replace(/"security":\[.*?\]/g, '')
