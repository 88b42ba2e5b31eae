// Relays of a journey's own: with collections, and to be killed.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const binary = process.env.SIDEREAL_RELAY!

export const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

/** Publishes a folder and returns where its collection is. */
export function publish(folder: string, name: string, out = mkdtempSync(join(tmpdir(), 'sidereal-collections-'))) {
  execFileSync(binary, ['publish', folder, '--name', name, '--out', out], { stdio: ['ignore', 'ignore', 'inherit'] })
  return out
}

export class Relay {
  private child?: ChildProcess
  /** What it has printed so far. */
  said = ''
  private constructor(readonly port: number, private readonly options: string[], private readonly site: string) {}

  static async start(options: string[] = [], site = process.env.SIDEREAL_SITE!) {
    const relay = new Relay(await freePort(), ['--data-dir', mkdtempSync(join(tmpdir(), 'sidereal-data-')), ...options], site)
    await relay.up()
    return relay
  }

  get url() {
    return `http://127.0.0.1:${this.port}`
  }

  get tracker() {
    return `ws://127.0.0.1:${this.port}/announce`
  }

  async up() {
    this.child = spawn(binary, ['serve', '--site', this.site, '--port', String(this.port), ...(this.options.includes('--metrics') ? [] : ['--metrics', 'off']), '--stun', 'off', ...(this.options.includes('--log') ? [] : ['--log', 'warn']), ...this.options], { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.child.stdout!, this.child.stderr!])
      stream.on('data', (text: Buffer) => {
        this.said += text
        process.stderr.write(text)
      })
    for (let tries = 0; tries < 200; tries++) {
      const answer = await fetch(`${this.url}/healthz`).catch(() => undefined)
      if (answer?.ok) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error('the relay does not answer')
  }

  /** Lets it end in order. */
  async stop() {
    const { child } = this
    if (!child) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await ended
    this.child = undefined
  }

  kill() {
    this.child?.kill('SIGKILL')
    this.child = undefined
  }
}
