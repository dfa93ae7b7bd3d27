import { markdownTable, type Spread, spreadLegend, spreadText } from './results.js'

/** What a program is said to do, by whom and with what. */
interface PublishedFigure {
  readonly program: string
  readonly what: string
  readonly megabytesPerSecond: string
  readonly resourcesPerSecond: string
}

/** Measured by us, on the same lines and configuration as the first row: the others are what their projects publish. */
const OTHERS: readonly PublishedFigure[] = [
  {
    program: 'Microsoft FHIR anonymizer (commit a2d90ba, .NET 10)',
    what: 'the same lines and configuration, two cores, 285 MB of memory; measured by us on 2026-11-21',
    megabytesPerSecond: '0.83',
    resourcesPerSecond: '667',
  },
  {
    program: 'Microsoft FHIR anonymizer on Azure Batch',
    what: '2.6 million records in more than 48 hours, as a user reports in its issue 172',
    megabytesPerSecond: '',
    resourcesPerSecond: '15',
  },
  {
    program: 'FHIR Pseudonymizer 2.32, engine',
    what: 'a Synthea Bundle of 286 resources with about 190 rules in 209 to 394 ms, one thread of a GitHub runner; its published benchmark',
    megabytesPerSecond: '2.4–4.6',
    resourcesPerSecond: '730–1,370',
  },
  {
    program: 'FHIR Pseudonymizer 2.32, server',
    what: '21,508 requests a second of three resources with four rules, on 24 threads of an i9-12900K; its README',
    megabytesPerSecond: '92',
    resourcesPerSecond: '64,000',
  },
]

/** The first row of the engine's table. */
export interface MeasuredEngine {
  readonly megabytesPerSecond: Spread
  readonly linesPerSecond: Spread
  readonly baselineMegabytesPerSecond: Spread
  readonly ratio: Spread
}

/** The part of the project's page that compares the engine with JSON.parse and with other programs. */
export function comparisonSection(engine: MeasuredEngine, machine: string): string {
  const table = markdownTable(
    ['program', 'what was measured', 'MB/s', 'resources/s'],
    [
      [
        'Sluice, engine',
        "Microsoft's R4 sample configuration, 38,483 Synthea resources, one core",
        spreadText(engine.megabytesPerSecond, 0),
        grouped(engine.linesPerSecond),
      ],
      [
        '`JSON.parse` + `JSON.stringify`',
        'the same lines, in turns with the engine, and nothing else done',
        spreadText(engine.baselineMegabytesPerSecond, 0),
        '',
      ],
      ...OTHERS.map(({ program, what, megabytesPerSecond, resourcesPerSecond }) => [
        program,
        what,
        megabytesPerSecond,
        resourcesPerSecond,
      ]),
    ],
  )
  return `The engine is ${spreadText(engine.ratio)} times as fast as \`JSON.parse\` and \`JSON.stringify\` of the same lines on one core. ${machine}; ${spreadLegend(engine.ratio.rounds).toLowerCase()}. The last three rows are figures that others publish, of their own machines, data and rules: they say what order of magnitude to expect, no more.

${table}

[bench/README.md](bench/README.md) has other configurations and data, whole runs, exports and the cloud, with the commands that measure them.`
}

/** Whole thousands, as the rounds differ by more than that. */
const grouped = ({ median, max }: Spread): string =>
  (Math.round((median ?? max) / 1000) * 1000).toLocaleString('en-US')
