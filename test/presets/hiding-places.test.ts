import t from 'tap'
import { HIDING_PLACES } from './hiding-places.js'
import { loadPreset, PRESETS, type Preset } from './preset.js'

for (const { name, version } of PRESETS)
  t.test(`${name}: nothing survives in any of the known hiding places`, async (t) => {
    const preset = await loadPreset(name)
    let tested = 0
    for (const { what, resource, secrets, only, r4 } of HIDING_PLACES) {
      if (only !== undefined && !name.startsWith(only)) continue
      if (r4 && version === 'STU3') continue
      const line = JSON.stringify(resource)
      for (const secret of secrets) if (!line.includes(secret)) t.fail(`${what}: the test hides no ${secret}`)
      const out = outputOf(preset, line)
      if (out === undefined) continue
      tested++
      const found = secrets.filter((secret) => out.includes(secret))
      t.same(found, [], what)
    }
    t.ok(tested > HIDING_PLACES.length * 0.6, `${tested} places tested`)
  })

/** Three digits occur in a hash by chance. */
const withoutHashes = (json: string): string => json.replace(/[0-9a-f]{64}/g, '')

/** What comes out, without hashes; undefined if the version does not have an element of the line. */
function outputOf(preset: Preset, line: string): string | undefined {
  try {
    return withoutHashes(preset.anonymize(line))
  } catch (error) {
    if (error instanceof Error && /^(UNKNOWN_ELEMENT|UNKNOWN_RESOURCE|WRONG_)/.test(error.message))
      return undefined
    throw error
  }
}
