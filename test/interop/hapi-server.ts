import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { projectRoot } from '../support/shared.js'

const SOURCES = join(projectRoot, 'test/interop/hapi')
const BUILD = join(projectRoot, 'dist/test/interop/hapi')
const CLASSPATH = join(BUILD, 'classpath')
const CLASSES = join(BUILD, 'classes')
const JAVA_VERSION = 17

export interface HapiServer {
  /** FHIR base address. */
  readonly base: string
  close(): Promise<void>
}

/**
 * Fetches HAPI from Maven Central, at the first time some 250 artifacts, and compiles the server. Returns the reason
 * why it cannot be had here, or false. Throws where the server does not compile.
 */
export function buildHapi(): string | false {
  const version = /version "(\d+)/.exec(
    spawnSync('java', ['-version'], { encoding: 'utf8' }).stderr ?? '',
  )?.[1]
  if (Number(version ?? 0) < JAVA_VERSION) return `Java ${JAVA_VERSION} or newer is not there`
  if (spawnSync('javac', ['-version']).status !== 0) return 'javac is not there'
  if (spawnSync('mvn', ['-v']).status !== 0) return 'Maven is not there'
  mkdirSync(CLASSES, { recursive: true })
  // Offline first: once the artifacts are there, nothing is asked of the network.
  const refusal = resolveArtifacts(['-o']) && resolveArtifacts([])
  if (refusal) return `Maven cannot fetch HAPI: ${refusal}`
  const java = readdirSync(SOURCES).filter((name) => name.endsWith('.java'))
  execFileSync(
    'javac',
    [
      '-d',
      CLASSES,
      '-cp',
      readFileSync(CLASSPATH, 'utf8').trim(),
      ...java.map((name) => join(SOURCES, name)),
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  )
  return false
}

/** Writes the class path. Returns Maven's first error where an artifact cannot be had, else undefined. */
function resolveArtifacts(options: readonly string[]): string | undefined {
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:2.8:build-classpath'
  const run = spawnSync(
    'mvn',
    ['-q', '-B', ...options, '-f', join(SOURCES, 'pom.xml'), goal, `-Dmdep.outputFile=${CLASSPATH}`],
    { encoding: 'utf8' },
  )
  if (run.status === 0) return undefined
  const [, error = `it ended with ${run.status}`] = /\[ERROR\] (.*)/.exec(run.stdout) ?? []
  return error.replace(/^(.{200}).*/, '$1…')
}

/** Starts an empty server on a free port; its log goes to a file. It ends with this process. */
export async function startHapi(logFile: string): Promise<HapiServer> {
  const classpath = [CLASSES, readFileSync(CLASSPATH, 'utf8').trim()].join(delimiter)
  const child = spawn(
    'java',
    [
      '-Xmx2g',
      '-XX:TieredStopAtLevel=1',
      '-XX:+UseSerialGC',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      '-cp',
      classpath,
      'HapiServer',
    ],
    { stdio: ['pipe', 'pipe', openSync(logFile, 'w')] },
  )
  const base = await firstLine(child, logFile)
  return {
    base,
    async close() {
      const exited = once(child, 'exit')
      child.stdin?.end()
      await exited
    },
  }
}

async function firstLine(child: ChildProcess, logFile: string): Promise<string> {
  if (child.stdout === null) throw new Error('the server has no output')
  for await (const line of createInterface({ input: child.stdout })) return line
  throw new Error(`the server ended before it answered; see ${logFile}`)
}
