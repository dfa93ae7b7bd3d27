import { custom } from '../../anonymizer/methods/custom.js'
import { checkConfig } from '../../config/anonymizer/configuration.js'
import { withTestKeys } from '../../config/anonymizer/given-keys.js'
import { planOf } from '../../config/anonymizer/plan.js'
import { isColorWanted } from '../../config/environment/color.js'
import { type Preview, previewSource } from '../../preview/preview.js'
import { rowsOf } from '../../preview/rows.js'
import { openSource, placeOf } from '../../storage/open.js'
import { widthOf } from '../display/columns.js'
import type { Terminal } from '../display/terminal.js'
import { EXIT, type ExitCode } from '../exit-codes.js'
import { required } from '../shared-options.js'
import { readConfigAt, storeAccess } from '../store-access.js'
import { PREVIEW, type PreviewValues } from './options.js'
import { type PreviewedRule, previewText } from './text.js'

const DEFAULT_WIDTH = 80

/** `sluice preview`. Throws CONFIG_INVALID, USAGE and what the source throws. */
export async function preview(values: PreviewValues, terminal: Terminal): Promise<ExitCode> {
  const address = required(values.config, PREVIEW.options.config)
  const input = required(values.input, PREVIEW.options.input)
  const access = storeAccess(terminal)
  const { raw, baseFolder } = await readConfigAt(address, access)
  const { fhirVersion, asOf, seed, showValues, type } = values
  const checked = checkConfig(withTestKeys(raw), { fhirVersion, baseFolder, allowWeakKeys: true })
  const plan = planOf(checked, asOf)
  const spec = plan.settle(plan.newRunSecrets())
  const source = await openSource(input, access)
  const result = await previewSource({
    source,
    spec,
    type,
    seed,
    linesOfAType: values.sample,
    maxBytes: values.read,
    signal: terminal.signal,
  })
  const rules = spec.rules.map(
    (rule): PreviewedRule => ({
      number: rule.number,
      method: rule.method === custom.name ? rule.name : rule.method,
      path: rule.path,
    }),
  )
  if (values.json)
    terminal.print(
      JSON.stringify({
        config: placeOf(address),
        input: source.place,
        asOf: spec.asOf,
        keys: 'test',
        seed,
        ...asData(result, showValues),
        rules,
      }),
    )
  else {
    const { stdout } = terminal
    const style = { isColored: isColorWanted(stdout), width: widthOf(stdout, DEFAULT_WIDTH) }
    for (const line of previewText(result, rules, { ...style, showValues })) terminal.printColored(line)
  }
  return EXIT.delivered
}

const asData = ({ read, types }: Preview, showValues: boolean): object => ({
  read,
  types: types.map(({ type, lines, shown }) => ({
    type,
    lines,
    shown: shown.map(({ item, line, trace }) =>
      trace.kind === 'rejected'
        ? { item, line, rejected: trace.rejection }
        : {
            item,
            line,
            isEmptied: trace.isEmptied,
            labels: trace.labels,
            values: rowsOf(trace, showValues),
          },
    ),
  })),
})
