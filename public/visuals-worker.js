import init from '/visuals.js'
import { start } from '/worker-start.js'
// A worker has no style sheet: the page's typeface is loaded by itself, and without it another one is used.
const face = new FontFace('Inter', 'url("/fonts/inter.woff2")', { weight: '100 900' })
fonts.add(face)
face.load().catch(() => {})
start(init)
