// Keystroke by keystroke through a catalogue: node searching.cjs MODULE CATALOGUE DOCUMENTS
// Prints one JSON object. Ours is WebAssembly; MiniSearch and FlexSearch search the same texts in
// the same process, one after the other, each after as much warming up. They know no fields: of
// `year:1987` they are given `1987`.
const fs = require('node:fs')
const path = require('node:path')
const zlib = require('node:zlib')
const [module_, catalogue, documents] = process.argv.slice(2)
const required = require('node:module').createRequire(path.join(__dirname, '../playwright/package.json'))

// What people type: names, titles, both, halves, slips, notes, years, fields.
const QUERIES = [
  'commando', 'rob hubbard', 'hubbard commando', 'last ninja', 'galway', 'monty on the run',
  'wizball', 'tel cybernoid', 'jeroen tel', 'ocean loader', 'international karate',
  'hubard', 'comando', 'galwey', 'arkaniod', 'cybrenoid', 'daglihs', 'montny run',
  'the', 'a', 'remix', 'beatles', 'bach invention', 'axel f', 'popcorn',
  '1987', 'hubbard 1986', 'zoo', 'mix 8580', 'x', 'demo intro', 'fairlight',
  'composer:hubbard', 'composer:"jeroen tel" year:1988', 'year:1985..1988 ninja',
  'chip:8580 sids:2', 'group:ocean galway', 'stil:cover beatles', 'path:GAMES/A-F arkanoid',
  'length:>5:00 remix', '-composer:hubbard commando', 'title:"the last v8"', 'songs:>10 tel',
  'format:rsid digi', 'clock:ntsc', 'folder:MUSICIANS/H/Hubbard_Rob', 'qwertyuiop', 'zzz',
]
const ROUNDS = 5
const keystrokes = QUERIES.flatMap((query) =>
  Array.from({ length: query.length }, (_, length) => query.slice(0, length + 1)))
const plain = (query) => query.replace(/-\S*:\S*/g, '').replace(/\w+:=?/g, '').replace(/["<>]/g, '').trim()

const millis = () => Number(process.hrtime.bigint()) / 1e6
const rounded = (number) => Math.round(number * 1000) / 1000
function measure(find) {
  for (const query of keystrokes) find(query)
  const spent = []
  for (let round = 0; round < ROUNDS; round++) {
    for (const query of keystrokes) {
      const start = millis()
      find(query)
      spent.push([millis() - start, query])
    }
  }
  spent.sort((a, b) => a[0] - b[0])
  const at = (part) => rounded(spent[Math.min(spent.length - 1, Math.floor(part * spent.length))][0])
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), most: at(1), slowest: spent.at(-1)[1] }
}

const bytes = fs.readFileSync(catalogue)
const brotli = zlib.brotliCompressSync(bytes, {
  params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 9, [zlib.constants.BROTLI_PARAM_LGWIN]: 22 },
})
const { Searcher } = require(module_)
// The first is slower, as the module is compiled while it runs: what a listener gets.
const decoded = []
let searcher
for (let round = 0; round < 3; round++) {
  searcher?.free()
  const start = millis()
  searcher = Searcher.open(bytes)
  decoded.push(millis() - start)
}
const start = millis()
searcher.find('')
const firstList = millis() - start
const wasm = measure((query) => searcher.find(query))

const texts = JSON.parse(fs.readFileSync(documents, 'utf8'))
const fields = ['title', 'author', 'released', 'path', 'stil']

const MiniSearch = required('minisearch')
let began = millis()
const mini = new MiniSearch({ fields })
mini.addAll(texts)
const miniBuild = millis() - began
const options = {
  prefix: true,
  combineWith: 'AND',
  fuzzy: (term) => (term.length >= 8 ? 2 : term.length >= 4 ? 1 : false),
}
const minisearch = measure((query) => mini.search(plain(query), options).length)

const FlexSearch = required('flexsearch')
began = millis()
const flex = new FlexSearch.Document({ document: { id: 'id', index: fields }, tokenize: 'forward' })
for (const text of texts) flex.add(text)
const flexBuild = millis() - began
const flexsearch = measure((query) => flex.search(plain(query), { limit: 100 }).length)

console.log(JSON.stringify({
  tunes: texts.length,
  keystrokes: keystrokes.length * ROUNDS,
  catalogue_bytes: bytes.length,
  catalogue_brotli_bytes: brotli.length,
  decode_first_ms: rounded(decoded[0]),
  decode_ms: rounded(Math.min(...decoded)),
  first_list_ms: rounded(firstList),
  wasm_p50_ms: wasm.p50,
  wasm_p95_ms: wasm.p95,
  wasm_p99_ms: wasm.p99,
  wasm_most_ms: wasm.most,
  wasm_slowest: wasm.slowest,
  minisearch_build_ms: rounded(miniBuild),
  minisearch_p50_ms: minisearch.p50,
  minisearch_p95_ms: minisearch.p95,
  flexsearch_build_ms: rounded(flexBuild),
  flexsearch_p50_ms: flexsearch.p50,
  flexsearch_p95_ms: flexsearch.p95,
  first: Object.fromEntries(
    ['commando', 'hubard comando', 'last ninja', 'galway', 'beatles', 'composer:tel year:1988', 'wizb']
      .map((query) => [query, searcher.first(query, 3)])),
}))
