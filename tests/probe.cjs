// Runs the probe's WebAssembly under Node: node probe.cjs MODULE SECONDS FILE...
const fs = require('node:fs')
const [module_, seconds, ...files] = process.argv.slice(2)
const started = process.hrtime.bigint()
const { render } = require(module_)
const since = (start) => (Number(process.hrtime.bigint() - start) / 1e9).toFixed(4)
console.error(`loaded in ${since(started)} s`)
for (const path of files) {
  const file = fs.readFileSync(path)
  const start = process.hrtime.bigint()
  const digest = render(file, Number(seconds), 48000)
  console.log(`${digest}\t${since(start)}\t${path}`)
}
