/** An import in a process of its own, which a fault point may kill. Prints its report as JSON, or the code of its error. */
import { isSluiceError } from '../../src/errors.js'
import { type ImportSetting, importWith } from './import-run.js'

try {
  console.log(JSON.stringify(await importWith(JSON.parse(process.argv[2] ?? '') as ImportSetting)))
} catch (error) {
  if (!isSluiceError(error)) throw error
  console.log(JSON.stringify({ code: error.code, message: error.message }))
}
process.exit()
