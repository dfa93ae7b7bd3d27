import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../support/shared.js'
import { npmFolder, run } from './parts.js'

/** What the Docker format says of an image, as far as it is asked for here. */
export interface ImageConfig {
  readonly User: string
  readonly Env: readonly string[]
  readonly Entrypoint: readonly string[]
  readonly Cmd: readonly string[]
  readonly WorkingDir: string
  readonly Labels: Readonly<Record<string, string>>
  readonly Healthcheck: { readonly Test: readonly string[] }
}

export interface Image {
  /** Its files, unpacked. */
  readonly rootFolder: string
  readonly config: ImageConfig
  /** Versions of Debian and Node of its base, as the Dockerfile names them: `24`, `trixie`. */
  readonly base: { readonly node: string; readonly debian: string }
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

const BASE_DOCKERFILE = `FROM scratch
ADD debian.tar /
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
`

/** Builds images in a store of its own below this folder, so that nothing of the machine's own store is touched. */
export class Builder {
  readonly #folder: string
  readonly #node: string
  readonly #debian: string

  constructor(folder: string) {
    this.#folder = folder
    const dockerfile = readFileSync(join(projectRoot, 'Dockerfile'), 'utf8')
    const [, node = '', debian = ''] = /^ARG BASE=node:(\d+)-([a-z]+)-slim$/m.exec(dockerfile) ?? []
    this.#node = node
    this.#debian = debian
  }

  /**
   * Makes what stands in for the base that the Dockerfile names, as no registry of images is asked: the essential
   * packages of that Debian, with that Node from npm's registry. Needs the network.
   */
  makeBase(): void {
    const context = join(this.#folder, 'base')
    mkdirSync(context)
    const architecture = ARCHITECTURES[process.arch] ?? process.arch
    run('mmdebstrap', [
      '--quiet',
      '--variant=essential',
      '--include=libstdc++6,libatomic1',
      `--architectures=${architecture}`,
      this.#debian,
      join(context, 'debian.tar'),
    ])
    const name = run('npm', ['pack', '--silent', `node-linux-${process.arch}@${this.#node}`], context)
    run('tar', ['xzf', name.trim().split('\n').at(-1) ?? '', 'package/bin/node'], context)
    renameSync(join(context, 'package', 'bin', 'node'), join(context, 'node'))
    cpSync(npmFolder(), join(context, 'npm'), { recursive: true })
    writeFileSync(join(context, 'Dockerfile'), BASE_DOCKERFILE)
    this.#buildah('bud', '--tag', 'localhost/base', context)
  }

  /** Builds the image of the project's Dockerfile upon that base. */
  makeImage(): Image {
    const { NODE_EXTRA_CA_CERTS: certificates } = process.env
    this.#buildah(
      'bud',
      ...['--format', 'docker', '--pull-never', '--tag', 'localhost/sluice'],
      ...['--build-arg', 'BASE=localhost/base', '--build-arg', 'REVISION=0123abc'],
      ...(certificates === undefined ? [] : ['--secret', `id=ca,src=${certificates}`]),
      projectRoot,
    )
    const inspected = this.#buildah('inspect', '--type', 'image', 'localhost/sluice')
    const { Docker } = JSON.parse(inspected) as { Docker: { config: ImageConfig } }
    return {
      rootFolder: this.#unpack('localhost/sluice'),
      config: Docker.config,
      base: { node: this.#node, debian: this.#debian },
    }
  }

  /** Removes what is mounted; the folder itself is the caller's. */
  close(): void {
    this.#buildah('rm', '--all')
  }

  #unpack(image: string): string {
    const container = this.#buildah('from', '--pull-never', image).trim()
    return this.#buildah('mount', container).trim()
  }

  #buildah(...words: readonly string[]): string {
    const store = ['--root', join(this.#folder, 'store'), '--runroot', join(this.#folder, 'run')]
    return run('buildah', [...store, '--storage-driver', 'vfs', ...words])
  }
}
