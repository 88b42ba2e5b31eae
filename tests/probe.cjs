// Runs the probe's WebAssembly under Node: node probe.cjs MODULE SECONDS GRADE FILE...
// With `start` for the seconds it prints how long the first frames take, the module included.
const fs = require('node:fs')
const [module_, seconds, grade, ...files] = process.argv.slice(2)
// Processor time of this thread where the system tells (a busy machine counts less), else time.
const now = () => {
  try {
    return BigInt(fs.readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0])
  } catch {
    return process.hrtime.bigint()
  }
}
const since = (start) => (Number(now() - start) / 1e9).toFixed(4)
const first = fs.readFileSync(files[0])
const started = now()
const { render, first_frames } = require(module_)
if (seconds === 'start') {
  if (!first_frames(first, 48000)) process.exitCode = 1
  console.log(`first frames\t${since(started)}\t${files[0]}`)
} else {
  for (const path of files) {
    const file = fs.readFileSync(path)
    const start = now()
    const digest = render(file, Number(seconds), 48000, grade)
    console.log(`${digest}\t${since(start)}\t${path}`)
  }
}
