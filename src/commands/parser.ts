import { Command, CommanderError, Option as CommanderOption } from 'commander'
import type { Terminal } from './display/terminal.js'
import { EXIT, EXIT_MEANINGS, type ExitCode } from './exit-codes.js'
import { type Option, usage, type Values } from './shared-options.js'
import type { Verb } from './verb.js'

/** Runs the verb that the words name. Throws SluiceError USAGE; prints help itself. */
export async function runVerb(
  verbs: readonly Verb[],
  words: readonly string[],
  version: string,
  terminal: Terminal,
): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.delivered
  const program = quiet(new Command('sluice'), terminal)
    .description('FHIR bulk data in, anonymized FHIR bulk data out.')
    .version(version, '-V, --version')
    .showHelpAfterError(false)
    .addHelpText('after', () => `\n${exitCodeHelp()}`)
  for (const verb of verbs) {
    const command = commandOf(verb, terminal)
    command.action(async () => {
      exitCode = await verb.run(valuesOf(verb, command), terminal, command.args)
    })
    program.addCommand(command)
  }
  try {
    await program.parseAsync([...words], { from: 'user' })
    return exitCode
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return EXIT.delivered
    if (error.code === 'commander.help') return EXIT.usage
    throw usage(
      withoutValues(error.message.replace(/^error: /, ''))
        .replace('\n', ' ')
        .replace(/\.$/, ''),
    )
  }
}

/**
 * commander quotes the word that it does not know. A mistyped option can hold a SAS, and so can a word in the place of
 * the verb: only what looks like a name is repeated.
 */
const withoutValues = (message: string): string =>
  message.replace(
    /^(unknown (?:option|command) ')(--[\w-]{1,40}|-\w|[a-z-]{1,40})?(.*)('(?:\s+\(Did you mean .*\?\))?)$/s,
    (_, start, name = '', rest, end) => `${start}${name}${rest === '' ? '' : '…'}${end}`,
  )

function commandOf(verb: Verb, terminal: Terminal): Command {
  const command = quiet(new Command(verb.name), terminal)
    .summary(verb.summary)
    .description(verb.details === undefined ? verb.summary : `${verb.summary}\n\n${verb.details}`)
    .addHelpText('after', () => `\n${exampleHelp(verb)}\n\n${exitCodeHelp()}`)
  if (verb.words !== undefined) command.arguments(verb.words)
  else command.allowExcessArguments(false)
  for (const option of Object.values(verb.options)) {
    command.addOption(commanderOption(option, option.flags))
    for (const alias of option.aliases ?? []) command.addOption(commanderOption(option, alias).hideHelp())
  }
  return command
}

function quiet(command: Command, terminal: Terminal): Command {
  return command.exitOverride().configureOutput({
    writeOut: (text) => linesOf(text).forEach(terminal.print),
    // The caller reports the error once; what commander prints here is only help that was asked for by mistake.
    writeErr: (text) => (text.startsWith('error:') ? undefined : linesOf(text).forEach(terminal.warn)),
  })
}

const linesOf = (text: string): string[] => text.replace(/\n$/, '').split('\n')

function commanderOption(option: Option<unknown>, flags: string): CommanderOption {
  const built = new CommanderOption(flags, option.description)
  const { read } = option
  if (read !== undefined)
    built.argParser((text: string, before: unknown) => {
      try {
        return read(text, before)
      } catch (error) {
        // commander's own error for this repeats the value, which may be a secret in the wrong place.
        throw usage(`option '${flags}' ${error instanceof Error ? error.message : 'cannot be read'}`)
      }
    })
  const fallback = fallbackOf(option)
  built.description =
    fallback === undefined ? option.description : `${option.description} (default: ${fallback})`
  return built
}

/** The default as the help shows it; undefined for none. */
export function fallbackOf({ fallback, fallbackText, read }: Option<unknown>): string | undefined {
  if (fallbackText !== undefined) return fallbackText === '' ? undefined : fallbackText
  return read === undefined || fallback === undefined ? undefined : String(fallback)
}

function valuesOf(verb: Verb, command: Command): Values<Verb['options']> {
  const given = command.opts<Record<string, unknown>>()
  return Object.fromEntries(
    Object.entries(verb.options).map(([name, option]) => {
      const spellings = [option.flags, ...(option.aliases ?? [])]
      const found = spellings.map((flags) => given[new CommanderOption(flags).attributeName()])
      const value = found.find((each) => each !== undefined) ?? option.fallback
      return [name, value === true && option.bare !== undefined ? option.bare : value]
    }),
  )
}

const exampleHelp = ({ examples }: Verb): string =>
  `Examples:\n${examples.map(([command, what]) => `  ${command}\n      ${what}`).join('\n')}`

const exitCodeHelp = (): string =>
  `Exit codes:\n${EXIT_MEANINGS.map(([code, meaning]) => `  ${String(code).padStart(2)}  ${meaning}`).join('\n')}`

/** Rows of the option tables in docs/reference.md: spellings and value, what it does, default. */
export const optionRows = (verb: Verb): readonly (readonly [string, string, string])[] =>
  Object.values(verb.options).map((option) => [
    [option.flags, ...(option.aliases ?? [])]
      .map((flags) => flags.replace(/ [<[].*/, ''))
      .join(', ')
      .concat(/ [<[].*/.exec(option.flags)?.[0] ?? ''),
    option.description,
    fallbackOf(option) ?? '',
  ])
