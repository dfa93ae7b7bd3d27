import { dirname, join } from 'node:path'
import type { AnonymizerSpec } from '../../anonymizer/spec.js'
import { checkConfig } from '../../config/anonymizer/configuration.js'
import { withTestKeys } from '../../config/anonymizer/given-keys.js'
import { planOf } from '../../config/anonymizer/plan.js'
import { configPathOf } from '../../config/anonymizer/presets.js'
import { isColorWanted } from '../../config/environment/color.js'
import { type ConfigTestFile, invalidTests, readTestFile } from '../../config/tests/test-file.js'
import { ConfigTestRunner, type TestResult, testProblems } from '../../config-tests/config-tests.js'
import type { Golden } from '../../config-tests/golden.js'
import { writing } from '../../storage/folder/file-errors.js'
import { writeWhole } from '../../storage/folder/folder-files.js'
import { checkReplaceable } from '../../storage/folder/replaceable-file.js'
import { isLocal, placeOf } from '../../storage/open.js'
import type { Terminal } from '../display/terminal.js'
import { EXIT, type ExitCode } from '../exit-codes.js'
import { required, usage } from '../shared-options.js'
import { readConfigAt, storeAccess } from '../store-access.js'
import { compareFates } from './against.js'
import { junitText } from './junit.js'
import { TEST, type TestValues } from './options.js'
import { tapText } from './tap.js'
import { goldenPath, readGolden, testFilesAt, writeGolden } from './test-files.js'
import { resultText, type TestedFile } from './text.js'

interface OpenedFile extends ConfigTestFile {
  readonly file: string
  readonly golden: Golden | undefined
}

/** `sluice test`. Throws CONFIG_INVALID, USAGE, SINK_UNWRITABLE. */
export async function test(
  values: TestValues,
  terminal: Terminal,
  [folder, ...others]: readonly string[],
): Promise<ExitCode> {
  if (others.length > 0) throw usage('test needs one folder or file')
  const address = required(values.config, TEST.options.config)
  const access = storeAccess(terminal)
  const { raw, baseFolder } = await readConfigAt(address, access)
  const checked = checkConfig(withTestKeys(raw), {
    fhirVersion: values.fhirVersion,
    baseFolder,
    allowWeakKeys: true,
  })
  if (values.against !== undefined) {
    if (folder !== undefined) throw usage('--against runs no tests: leave the folder out')
    return compareFates({ address, checked }, values.against, values, terminal)
  }
  if (values.junit !== undefined)
    await checkReplaceable({ path: values.junit, option: '--junit', begins: /^<\?xml[^>]*>\s*<testsuites/ })
  const opened = await openFiles(folder ?? defaultFolder(address), terminal.signal)
  for (const file of opened) checkFile(file, checked.spec.fhirVersion, values.update)
  const specOn = (asOf: string): AnonymizerSpec => {
    const plan = planOf(checked, asOf)
    return plan.settle(plan.newRunSecrets())
  }
  const files: TestedFile[] = []
  for (const file of opened) files.push(await runFile(file, specOn(file.asOf ?? values.asOf), values))
  await report({ config: placeOf(address), files }, values, terminal)
  return files.some(({ tests }) => tests.some(({ failures }) => failures.length > 0))
    ? EXIT.testFailed
    : EXIT.delivered
}

function defaultFolder(address: string): string {
  if (!isLocal(address)) throw usage('name the folder with the tests after test')
  return join(dirname(configPathOf(address)), 'tests')
}

async function openFiles(path: string, signal: AbortSignal): Promise<readonly OpenedFile[]> {
  const opened: OpenedFile[] = []
  for (const file of await testFilesAt(path))
    opened.push({ file, ...(await readTestFile(file, signal)), golden: await readGolden(file) })
  return opened
}

/** Throws CONFIG_INVALID with every problem of the file. */
function checkFile(
  { file, tests, golden }: OpenedFile,
  version: AnonymizerSpec['fhirVersion'],
  isUpdate: boolean,
): void {
  const hasGolden = isUpdate || golden !== undefined
  const problems = tests.flatMap((each) =>
    testProblems(each, version, { hasGolden }).map(({ path, message }) => ({
      path: `test "${each.name}"${path === '' ? '' : `: ${path}`}`,
      message,
    })),
  )
  if (problems.length > 0) throw invalidTests(problems, file)
}

async function runFile(
  { file, tests, golden }: OpenedFile,
  spec: AnonymizerSpec,
  { update }: TestValues,
): Promise<TestedFile> {
  const runner = await ConfigTestRunner.open(spec)
  const results = tests.map((each): TestResult => runner.run(each, update ? undefined : golden))
  const outputs = Object.fromEntries(results.map(({ name, golden: lines }) => [name, lines]))
  const isWritten = update && (await writeGolden(file, outputs))
  return { file, tests: results, ...(isWritten ? { written: goldenPath(file) } : {}) }
}

async function report(
  result: { readonly config: string; readonly files: readonly TestedFile[] },
  { junit, json, tap, showValues }: TestValues,
  terminal: Terminal,
): Promise<void> {
  const { files } = result
  if (junit !== undefined)
    await writing(junit, () => writeWhole(junit, junitText(files, { showValues }), 0o666))
  if (json) terminal.print(JSON.stringify(asData(result, showValues)))
  else if (tap) for (const line of tapText(files, { showValues })) terminal.print(line)
  else {
    const style = { showValues, isColored: isColorWanted(terminal.stdout) }
    for (const line of resultText(files, style)) terminal.printColored(line)
  }
}

const asData = (
  { config, files }: { readonly config: string; readonly files: readonly TestedFile[] },
  showValues: boolean,
): object => ({
  config,
  keys: 'test',
  files: files.map(({ file, tests, written }) => ({
    file,
    ...(written === undefined ? {} : { written }),
    tests: tests.map(({ name, failures }) => ({
      name,
      passed: failures.length === 0,
      failures: failures.map(({ values, ...failure }) =>
        showValues && values !== undefined ? { ...failure, values } : failure,
      ),
    })),
  })),
})
